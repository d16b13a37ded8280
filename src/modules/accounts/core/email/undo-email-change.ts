import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { MailedLinks } from '../links/mailed-links.js';
import { requireEmailAddress } from '../require-email-address.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';

/**
 * Gives an account its former address back, for an owner who did not ask for the change. Whoever made it knew the password, so that goes, as does
 * every session and open link; the owner chooses a new one by recovery. Changes made after this one are taken back with it: the links that would undo them
 * lead to addresses that were never the owner's. Those of earlier changes stay good, so that a thief cannot void them.
 */
@Injectable()
export class UndoEmailChange {
  constructor(
    private readonly desk: AccountDesk,
    private readonly links: MailedLinks,
    private readonly brake: SignInBrake,
    private readonly events: AccountEvents,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/email_taken` and `http/too_many_requests`. */
  async run(token: string, remoteAddress: string): Promise<void> {
    await this.brake.admit(networkPressed('network_link', remoteAddress));
    await this.desk.unitOfWork.asSystem(async (tx) => {
      const link = await this.links.use(tx, 'email_undo', token, null);
      const { accountId: id, email } = link;
      assert(id !== null && email !== null, 'a link that undoes names the account and its former address');
      const account = await this.desk.accounts.lock(tx, id);
      if (account === null) throw accountsErrors.link_not_valid();
      const { written, normal } = requireEmailAddress(email, 'email');
      const now = this.desk.clock.now();
      await this.desk.accounts.update(tx, id, { email: written, emailNormal: normal, emailVerifiedAt: now, updatedAt: now });
      await this.desk.accounts.removePassword(tx, id);
      await this.links.cancel(tx, id, ['sign_in', 'recovery', 'step_up', 'email_change']);
      await this.links.cancelLater(tx, link);
      const sessionsEnded = await this.desk.sessions.endAll(tx, id);
      await this.events.record(tx, { action: 'account.email_change_undone', accountId: id, detail: { sessionsEnded } });
    });
  }
}
