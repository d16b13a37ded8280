import { IsOptional, IsString } from 'class-validator';
import { Setting } from './setting.js';

/** Which policy is in force. How long things are kept stands in the profile, and nowhere else. */
export class RetentionSettings {
  @Setting({
    section: 'Retention',
    env: 'LETHE_PROFILE',
    description:
      'The policy profile in force: `zero-retention`, `federated-credits`, `relay`, `metadata-only`, `enterprise`, or the path of a file of your own that ends in `.yaml`. `lethe profile show` prints what it says.',
    defaultText: '`zero-retention` in development; must be set in production',
  })
  @IsOptional()
  @IsString()
  profile?: string;
}
