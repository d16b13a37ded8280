import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import type { EmailAddress } from '../email-address.js';
import { inEvenTime } from '../even-time.js';
import { LinkPost } from '../links/link-post.js';
import { requireEmailAddress } from '../require-email-address.js';

/**
 * Mails a link to the address an account is to have from now on, and word of it to the one it has. Nothing changes until whoever is signed in uses
 * the link. An address that another account has gets no link; the answer is the same, so nobody learns of it.
 */
@Injectable()
export class RequestEmailChange {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly events: AccountEvents,
  ) {}

  /** Raises `lethe/invalid_request`, `accounts/account_not_found` and `http/too_many_requests`. */
  async run({ id }: AccountPrincipal, email: string, remoteAddress: string): Promise<void> {
    const address = requireEmailAddress(email, 'email');
    await this.post.brake.admit(address, remoteAddress);
    await inEvenTime(() => this.desk.unitOfWork.asSystem((tx) => this.ask(tx, id, address)));
  }

  private async ask(tx: Tx, id: AccountPrincipal['id'], address: EmailAddress): Promise<void> {
    const account = await this.desk.accounts.lock(tx, id);
    if (account === null) throw accountsErrors.account_not_found();
    await this.post.links.cancel(tx, id, ['email_change']);
    await this.events.record(tx, { action: 'account.email_change_requested', accountId: id });
    const { locale, email } = account;
    if (email !== null && account.emailVerifiedAt !== null) {
      await this.post.mailer.send(tx, 'email_change_requested', { accountId: id, email, locale }, {});
    }
    const owner = await this.desk.accounts.findByVerifiedEmail(tx, address.normal);
    if (owner !== null && owner.id !== id) return;
    const link = await this.post.links.make(tx, { kind: 'email_change', accountId: id, email: address.written, browserNonce: null });
    await this.post.mailer.send(tx, 'email_change_confirm', { accountId: id, email: address.written, locale }, { link, hours: 1 });
  }
}
