import type { INestApplicationContext } from '@nestjs/common';
import { LoadedProfile } from '../../modules/retention/core/profile/loaded-profile.js';
import { PutProfileInForce } from '../../modules/retention/core/profile/put-profile-in-force.js';
import { error, type Finding, ok, warn } from './finding.js';

/** Whether the policy profile of these settings is the one the installation has agreed to. Puts nothing in force. */
export async function examinePolicy(application: INestApplicationContext): Promise<Finding[]> {
  const { name } = application.get(LoadedProfile);
  const replacement = await application.get(PutProfileInForce).compare();
  if (replacement === null) return [ok('policy', `The profile ${name} is in force.`)];
  if (replacement === 'first')
    return [warn('policy', `No profile is in force yet: the first start puts ${name} in force.`, 'lethe profile show')];
  const { before, changes } = replacement;
  const message = `The profile is ${name}, and in force is ${before === name ? 'another version of it' : before}: ${changes.windows.length} windows would change.`;
  return [error('policy', message, 'lethe profile apply --dry-run')];
}
