import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { PendingInvitations } from '../invitations/pending-invitations.js';
import { requireMethod } from '../require-method.js';

/** Who may sign up here, and how. */
@Injectable()
export class SignUpPolicy {
  constructor(
    private readonly settings: Settings,
    private readonly invitations: PendingInvitations,
  ) {}

  /** The age people have to have reached (A6). */
  get minimumAge(): number {
    return this.settings.minimumAge;
  }

  /** Raises `accounts/sign_up_off`, `accounts/method_off`, and `lethe/invalid_request` for who is too young. */
  require(method: 'password' | 'email_link', isOldEnough: boolean): void {
    if (this.settings.signUp === 'closed') throw accountsErrors.sign_up_off();
    requireMethod(this.settings, method);
    if (isOldEnough) return;
    throw invalidRequest([{ field: 'isOldEnough', message: `must be true: one has to be at least ${this.minimumAge}` }]);
  }

  /** Whether the owner of an address is expected, where only the invited may come. */
  async isExpected(tx: Tx, emailNormal: string): Promise<boolean> {
    return this.settings.signUp === 'open' || this.invitations.existFor(tx, emailNormal);
  }
}
