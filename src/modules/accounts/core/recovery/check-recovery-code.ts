import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountDesk } from '../account-desk.js';
import { inEvenTime } from '../even-time.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { readUsername } from '../username.js';
import { PasswordRecoveryCodes } from './password-recovery-codes.js';

/** Whose account a username and a recovery code are. A name that is nobody's and a code that is wrong are one answer after one time. */
@Injectable()
export class CheckRecoveryCode {
  constructor(
    private readonly desk: AccountDesk,
    readonly codes: PasswordRecoveryCodes,
    private readonly brake: SignInBrake,
  ) {}

  /** Raises `accounts/recovery_refused` and `http/too_many_requests`. By network alone: a lock by name would let strangers take the last way in away. */
  async run(username: string, code: string, remoteAddress: string): Promise<AccountEntity> {
    await this.brake.admit(networkPressed('network_sign_in', remoteAddress));
    return inEvenTime(() => this.desk.unitOfWork.asSystem((tx) => this.find(tx, username, code)));
  }

  private async find(tx: Tx, text: string, code: string): Promise<AccountEntity> {
    const username = readUsername(text);
    const account = 'problem' in username ? null : await this.desk.accounts.findByUsername(tx, username.normal);
    if (account?.status !== 'active' || !(await this.codes.isRight(tx, account.id, code))) throw accountsErrors.recovery_refused();
    return account;
  }
}
