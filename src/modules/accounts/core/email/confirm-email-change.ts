import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { LinkPost } from '../links/link-post.js';
import { PasswordRecoveryCodes } from '../recovery/password-recovery-codes.js';
import { requireEmailAddress } from '../require-email-address.js';

/**
 * Changes an account's address to one whose mailbox its owner reads. Only a session of the same account can do it: a stranger to whom a mistyped
 * address belongs gains nothing by the link. The old address gets a link that takes the change back for seven days; where there was none, the recovery code does.
 */
@Injectable()
export class ConfirmEmailChange {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly events: AccountEvents,
    private readonly codes: PasswordRecoveryCodes,
  ) {}

  /** Raises `accounts/link_not_valid` and `accounts/email_taken`. */
  run({ id, sessionId }: AccountPrincipal, token: string): Promise<void> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const account = await this.desk.accounts.lock(tx, id);
      const ticket = await this.post.links.use(tx, 'email_change', token, null);
      if (account === null || ticket.accountId !== id) throw accountsErrors.link_not_valid();
      assert(ticket.email !== null, 'a change of address names the new one');
      const { written, normal } = requireEmailAddress(ticket.email, 'email');
      const now = this.desk.clock.now();
      await this.desk.accounts.update(tx, id, { email: written, emailNormal: normal, emailVerifiedAt: now, updatedAt: now });
      await this.post.links.cancel(tx, id, ['sign_in', 'recovery', 'step_up', 'email_change']);
      await this.codes.endWithProvenAddress(tx, id);
      const sessionsEnded = await this.desk.sessions.endAll(tx, id, sessionId);
      await this.events.record(tx, { action: 'account.email_changed', accountId: id, detail: { sessionsEnded } });
      const { email: old, locale } = account;
      if (old === null || account.emailVerifiedAt === null || account.emailNormal === normal) return;
      const link = await this.post.links.make(tx, { kind: 'email_undo', accountId: id, email: old, browserNonce: null });
      await this.post.mailer.send(tx, 'email_changed', { accountId: id, email: old, locale }, { link });
    });
  }
}
