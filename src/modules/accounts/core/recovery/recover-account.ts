import { Injectable } from '@nestjs/common';
import { AccountDesk } from '../account-desk.js';
import { LinkedAccounts } from '../links/linked-accounts.js';
import { NewPassword } from '../passwords/new-password.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';

/**
 * Sets a new password through a mailed link. Second factors stay: whoever has the mailbox alone gets no further than before. All sessions end, and
 * nobody is signed in by this.
 */
@Injectable()
export class RecoverAccount {
  constructor(
    private readonly desk: AccountDesk,
    private readonly linked: LinkedAccounts,
    private readonly passwords: NewPassword,
    private readonly brake: SignInBrake,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser`, `lethe/invalid_request` for a bad password, `http/too_many_requests`. */
  async run(token: string, newPassword: string, browserNonce: string | null, remoteAddress: string): Promise<void> {
    await this.brake.admit(networkPressed('network_link', remoteAddress));
    const link = { kind: 'recovery', token, browserNonce } as const;
    // Hashed before the link is used: it takes a while, and a password that is refused leaves the link good.
    const hash = await this.passwords.hash(newPassword, await this.linked.peek(link));
    await this.desk.unitOfWork.asSystem(async (tx) => {
      const account = await this.linked.use(tx, link);
      await this.passwords.setting.run(tx, account, hash, { by: 'recovery', kept: null });
    });
  }
}
