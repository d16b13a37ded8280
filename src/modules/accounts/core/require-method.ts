import type { Settings } from '../../../platform/config/settings.js';
import type { SignInMethod } from '../accounts.contract.js';
import { accountsErrors } from '../accounts.errors.js';

/** Raises `accounts/method_off` unless the operator lets people sign in this way. */
export function requireMethod(settings: Settings, method: SignInMethod): void {
  if (!settings.signInMethods.includes(method)) throw accountsErrors.method_off({ details: { method } });
}
