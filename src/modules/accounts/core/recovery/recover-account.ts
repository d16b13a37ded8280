import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { MailedLinks } from '../links/mailed-links.js';
import { PeekLink } from '../links/peek-link.js';
import { ChoosePassword } from '../passwords/choose-password.js';
import { SetPassword } from '../passwords/set-password.js';
import { requireMethod } from '../require-method.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';

/**
 * Sets a new password through a mailed link. Second factors stay: whoever has the mailbox alone gets no further than before. All sessions end, and
 * nobody is signed in by this.
 */
@Injectable()
export class RecoverAccount {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly links: MailedLinks,
    private readonly peek: PeekLink,
    private readonly passwords: ChoosePassword,
    private readonly setting: SetPassword,
    private readonly brake: SignInBrake,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser`, `lethe/invalid_request` for a bad password, `http/too_many_requests`. */
  async run(token: string, newPassword: string, browserNonce: string | null, remoteAddress: string): Promise<void> {
    requireMethod(this.settings, 'password');
    await this.brake.admit(networkPressed('network_link', remoteAddress));
    const account = await this.peek.accountOf('recovery', token, browserNonce);
    // Hashed before the link is used: it takes a while, and a password that is refused leaves the link good.
    const hash = await this.passwords.run(newPassword, account, 'newPassword');
    await this.unitOfWork.asSystem(async (tx) => {
      const { accountId } = await this.links.use(tx, 'recovery', token, browserNonce);
      assert(accountId !== null, 'a recovery names an account');
      const locked = await this.accounts.lock(tx, accountId);
      if (locked?.status !== 'active') throw accountsErrors.link_not_valid();
      await this.setting.run(tx, locked, hash, { by: 'recovery', kept: null });
    });
  }
}
