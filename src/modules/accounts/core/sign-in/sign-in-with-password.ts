import { Injectable } from '@nestjs/common';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { CheckPassword } from '../passwords/check-password.js';
import { OpenSession } from '../sessions/open-session.js';
import { FindByName } from './find-by-name.js';

/**
 * Signs in by e-mail address or username and password. A name that is nobody's and a password that is wrong are one answer after one time. Guessing
 * is slowed per name and per network.
 */
@Injectable()
export class SignInWithPassword {
  constructor(
    private readonly desk: AccountDesk,
    private readonly finding: FindByName,
    private readonly checking: CheckPassword,
    private readonly opening: OpenSession,
  ) {}

  /** Raises `accounts/sign_in_refused`, `accounts/method_off`, `accounts/account_blocked` (to who knows the password), `http/too_many_requests`. */
  async run(name: string, password: string, origin: SignInOrigin): Promise<OpenedSession> {
    this.checking.requireOn();
    const { unitOfWork, accounts } = this.desk;
    const { accountId, hash, pressed } = await unitOfWork.asSystem((tx) => this.finding.run(tx, name, origin));
    const isRight = await this.checking.run({ password, hash, pressed });
    if (!isRight || accountId === null || hash === null) throw accountsErrors.sign_in_refused();
    const renewed = await this.checking.renewed(password, hash);
    return unitOfWork.asSystem(async (tx) => {
      const session = await this.opening.openIn(tx, accountId, { method: 'password', secondFactorDone: false }, origin);
      // Changed since it was looked up: then it is no longer the password.
      if ((await accounts.findPassword(tx, accountId)) !== hash) throw accountsErrors.sign_in_refused();
      if (renewed !== null) await accounts.renewHash(tx, accountId, hash, renewed);
      await this.checking.relieve(tx, pressed);
      return session;
    });
  }
}
