import { Injectable } from '@nestjs/common';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { NewPassword } from './new-password.js';

/** Changes or sets the password of who is signed in. The route demands a recent proof; the session that asks goes on, all others end. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly desk: AccountDesk,
    private readonly passwords: NewPassword,
  ) {}

  /** Raises `lethe/invalid_request` for a bad password, `accounts/method_off` and `accounts/account_not_found`. */
  async run({ id, sessionId }: AccountPrincipal, newPassword: string): Promise<void> {
    const { unitOfWork, accounts } = this.desk;
    const account = await unitOfWork.asSystem((tx) => accounts.find(tx, id));
    if (account === null) throw accountsErrors.account_not_found();
    const hash = await this.passwords.hash(newPassword, account);
    await unitOfWork.asSystem(async (tx) => {
      const locked = await accounts.lock(tx, id);
      if (locked === null) throw accountsErrors.account_not_found();
      await this.passwords.setting.run(tx, locked, hash, { by: 'change', kept: sessionId });
    });
  }
}
