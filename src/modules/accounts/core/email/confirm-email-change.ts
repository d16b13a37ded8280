import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { MailedLinks } from '../links/mailed-links.js';
import { requireEmailAddress } from '../require-email-address.js';

/**
 * Changes an account's address to one whose mailbox its owner reads. Only a session of the same account can do it: a stranger to whom a mistyped
 * address belongs gains nothing by the link. The old address gets a link that takes the change back for seven days.
 */
@Injectable()
export class ConfirmEmailChange {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsRepository,
    private readonly links: MailedLinks,
    private readonly mailer: Mailer,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `accounts/link_not_valid` and `accounts/email_taken`. */
  run({ id, sessionId }: AccountPrincipal, token: string): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      const account = await this.accounts.lock(tx, id);
      const ticket = await this.links.use(tx, 'email_change', token, null);
      if (account === null || ticket.accountId !== id) throw accountsErrors.link_not_valid();
      assert(ticket.email !== null, 'a change of address names the new one');
      const { written, normal } = requireEmailAddress(ticket.email, 'email');
      const now = this.clock.now();
      await this.accounts.update(tx, id, { email: written, emailNormal: normal, emailVerifiedAt: now, updatedAt: now });
      await this.links.cancel(tx, id, ['sign_in', 'recovery', 'step_up', 'email_change']);
      const sessionsEnded = await this.sessions.endAll(tx, id, sessionId);
      await this.audit.record(tx, {
        actor: { kind: 'account', id },
        action: 'account.email_changed',
        organisationId: null,
        target: { type: 'account', id },
        detail: { sessionsEnded },
      });
      const { email: old, locale } = account;
      if (old === null || account.emailVerifiedAt === null || account.emailNormal === normal) return;
      const link = await this.links.make(tx, { kind: 'email_undo', accountId: id, email: old, browserNonce: null });
      await this.mailer.send(tx, 'email_changed', { accountId: id, email: old, locale }, { link });
    });
  }
}
