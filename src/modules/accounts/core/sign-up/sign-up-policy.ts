import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { PendingInvitations } from '../invitations/pending-invitations.js';
import { requireMethod } from '../require-method.js';

/** How somebody wants to sign up. */
export interface SignUpTerms {
  /** What the account is to be known by. */
  readonly identifier: 'email' | 'username';
  /** How it is to be signed in to. */
  readonly method: 'password' | 'email_link';
  readonly isOldEnough: boolean;
}

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

  /** Raises `accounts/sign_up_off`, `accounts/identifier_off`, `accounts/method_off`, and `lethe/invalid_request` for who is too young. */
  require({ identifier, method, isOldEnough }: SignUpTerms): void {
    const { signUp, signUpIdentifiers } = this.settings;
    // Invitations are to addresses: nobody is known to be invited by a username.
    if (signUp === 'closed' || (signUp === 'invitation' && identifier === 'username')) throw accountsErrors.sign_up_off();
    if (!signUpIdentifiers.includes(identifier)) throw accountsErrors.identifier_off({ details: { identifier } });
    requireMethod(this.settings, method);
    if (isOldEnough) return;
    throw invalidRequest([{ field: 'isOldEnough', message: `must be true: one has to be at least ${this.minimumAge}` }]);
  }

  /** Whether the owner of an address is expected, where only the invited may come. */
  async isExpected(tx: Tx, emailNormal: string): Promise<boolean> {
    return this.settings.signUp === 'open' || this.invitations.existFor(tx, emailNormal);
  }
}
