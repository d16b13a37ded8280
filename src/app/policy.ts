import { LoadedProfile } from '../modules/retention/core/profile/loaded-profile.js';
import { readProfile } from '../modules/retention/core/profile/read-profile.js';
import { retentionErrors } from '../modules/retention/retention.errors.js';
import { givenSettings } from '../platform/config/load-settings.js';
import type { Settings } from '../platform/config/settings.js';

/** What a process promises when nobody said: the least it can keep. Production says so itself. */
export const USUAL_PROFILE = 'zero-retention';

/**
 * The policy profile of this process, with what it says about accounts put into the settings that do not say otherwise. A setting that promises less
 * than the profile stops the start-up. Raises `retention/unknown_profile` and `retention/invalid_profile`.
 */
export function openPolicy(settings: Settings): LoadedProfile {
  const profile = readProfile(settings.profile ?? USUAL_PROFILE);
  const { sign_in: signIn, sign_up: signUp, minimum_age: minimumAge, session_cookie: sessionCookie, phone } = profile.accounts;
  const given = givenSettings(settings);
  const problems: string[] = [];
  if (given.has('minimumAge') && settings.minimumAge < minimumAge) problems.push(`LETHE_MINIMUM_AGE must be at least ${minimumAge}`);
  if (given.has('sessionCookie') && settings.sessionCookie === 'lasting' && sessionCookie === 'browser')
    problems.push('LETHE_SESSION_COOKIE must be browser');
  if (given.has('accountPhone') && settings.accountPhone === 'optional' && phone === 'off')
    problems.push('LETHE_ACCOUNT_PHONE must be off');
  if (problems.length > 0)
    throw retentionErrors.unsupported_profile({ message: `The policy profile ${profile.name} says: ${problems.join('; ')}.` });
  if (!given.has('minimumAge')) settings.minimumAge = minimumAge;
  if (!given.has('sessionCookie')) settings.sessionCookie = sessionCookie;
  if (!given.has('accountPhone')) settings.accountPhone = phone;
  if (!given.has('signInMethods')) settings.signInMethods = [...signIn];
  if (!given.has('signUpIdentifiers')) settings.signUpIdentifiers = [...signUp];
  return profile;
}
