import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { PasswordRecoveryCodes } from '../recovery/password-recovery-codes.js';
import { AdmitUsername, type WantedCredentials } from './admit-username.js';
import { MakeAccount } from './make-account.js';

export interface UsernameSignUp extends WantedCredentials {
  readonly displayName: string | null;
  readonly locale: string;
}

export interface SignedUp {
  readonly session: OpenedSession;
  /** Shown once. */
  readonly recoveryCode: string;
}

/**
 * Makes an account known by a username, without an e-mail address, and signs it in: account, password, recovery code and session together or not at
 * all. That a username is taken has to be said; each time it is asked costs one of few attempts, or makes an account (ADR 0049).
 */
@Injectable()
export class SignUpByUsername {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly admission: AdmitUsername,
    private readonly making: MakeAccount,
    private readonly codes: PasswordRecoveryCodes,
  ) {}

  /** Raises what {@link AdmitUsername} raises, and `accounts/username_taken`. */
  async run({ displayName, locale, ...wanted }: UsernameSignUp, origin: SignInOrigin): Promise<SignedUp> {
    const { username, passwordHash, attestedAge } = await this.admission.run(wanted, origin.remoteAddress);
    return this.unitOfWork.asSystem(async (tx) => {
      const account = { email: null, emailVerified: false, username, displayName, locale, attestedAge };
      const session = await this.making.run(tx, account, passwordHash, origin);
      return { session, recoveryCode: await this.codes.issue(tx, session.accountId) };
    });
  }
}
