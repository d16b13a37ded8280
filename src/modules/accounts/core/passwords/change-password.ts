import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { requireMethod } from '../require-method.js';
import { ChoosePassword } from './choose-password.js';
import { SetPassword } from './set-password.js';

/** Changes or sets the password of who is signed in. The route demands a recent proof; the session that asks goes on, all others end. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly passwords: ChoosePassword,
    private readonly setting: SetPassword,
    private readonly settings: Settings,
  ) {}

  /** Raises `lethe/invalid_request` for a bad password, `accounts/method_off` and `accounts/account_not_found`. */
  async run({ id, sessionId }: AccountPrincipal, newPassword: string): Promise<void> {
    requireMethod(this.settings, 'password');
    const account = await this.unitOfWork.asSystem((tx) => this.accounts.find(tx, id));
    if (account === null) throw accountsErrors.account_not_found();
    const hash = await this.passwords.run(newPassword, account, 'newPassword');
    await this.unitOfWork.asSystem(async (tx) => {
      const locked = await this.accounts.lock(tx, id);
      if (locked === null) throw accountsErrors.account_not_found();
      await this.setting.run(tx, locked, hash, { by: 'change', kept: sessionId });
    });
  }
}
