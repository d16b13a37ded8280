import { IsInt, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

/** How long what a process writes is kept. */
export class RetentionSettings {
  @Setting({ section: 'Retention', env: 'LETHE_REQUEST_METADATA_DAYS', kind: 'integer', description: 'Days a usage record is kept.' })
  @IsInt()
  @Min(1)
  @Max(3650)
  requestMetadataDays = 30;

  @Setting({ section: 'Retention', env: 'LETHE_AUDIT_DAYS', kind: 'integer', description: 'Days an audit event is kept.' })
  @IsInt()
  @Min(1)
  @Max(3650)
  auditDays = 365;
}
