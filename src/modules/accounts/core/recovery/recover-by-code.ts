import { Injectable } from '@nestjs/common';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { EVERY_LINK_KIND } from '../links/link-kinds.js';
import { MailedLinks } from '../links/mailed-links.js';
import { NewPassword } from '../passwords/new-password.js';
import { CheckRecoveryCode } from './check-recovery-code.js';

export interface CodeRecovery {
  readonly username: string;
  readonly recoveryCode: string;
  readonly newPassword: string;
}

/**
 * Sets a new password by the code that was shown at sign-up, for accounts that no mail can recover. As with a mailed link all sessions end, second
 * factors stay and nobody is signed in. An address proven since then may be a thief's, so it goes (ADR 0049).
 */
@Injectable()
export class RecoverByCode {
  constructor(
    private readonly desk: AccountDesk,
    private readonly checking: CheckRecoveryCode,
    private readonly passwords: NewPassword,
    private readonly links: MailedLinks,
  ) {}

  /** The code that is good from now on. Raises `accounts/recovery_refused`, `lethe/invalid_request` for a bad password, `http/too_many_requests`. */
  async run({ username, recoveryCode, newPassword }: CodeRecovery, remoteAddress: string): Promise<string> {
    const found = await this.checking.run(username, recoveryCode, remoteAddress);
    // Hashed before the code is used: it takes a while, and a password that is refused leaves the code good.
    const hash = await this.passwords.hash(newPassword, found);
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const account = await this.desk.accounts.lock(tx, found.id);
      const isRight = account !== null && (await this.checking.codes.isRight(tx, account.id, recoveryCode));
      if (!isRight) throw accountsErrors.recovery_refused();
      // Before the address goes, so that whoever reads it hears of this.
      await this.passwords.setting.run(tx, account, hash, { by: 'recovery_code', kept: null });
      await this.links.cancel(tx, account.id, EVERY_LINK_KIND);
      const noAddress = { email: null, emailNormal: null, emailVerifiedAt: null };
      await this.desk.accounts.update(tx, account.id, { ...noAddress, updatedAt: this.desk.clock.now() });
      return this.checking.codes.issue(tx, account.id);
    });
  }
}
