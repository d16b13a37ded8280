import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { SessionId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { MailedLinks } from '../links/mailed-links.js';

/** What follows from every new password: other sessions end, open links are worthless, and the owner is told. */
@Injectable()
export class SetPassword {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsRepository,
    private readonly links: MailedLinks,
    private readonly mailer: Mailer,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** In the caller's transaction. `kept` is the session that goes on; null ends all. */
  async run(
    tx: Tx,
    account: AccountEntity,
    hash: string,
    how: { readonly by: 'change' | 'recovery'; readonly kept: SessionId | null },
  ): Promise<void> {
    await this.accounts.setPassword(tx, account.id, hash, this.clock.now());
    const ended = await this.sessions.endAll(tx, account.id, how.kept);
    await this.links.cancel(tx, account.id, ['sign_in', 'recovery', 'step_up', 'email_change']);
    await this.audit.record(tx, {
      actor: { kind: 'account', id: account.id },
      action: 'account.password_changed',
      organisationId: null,
      target: { type: 'account', id: account.id },
      detail: { by: how.by, sessionsEnded: ended },
    });
    if (account.email === null || account.emailVerifiedAt === null) return;
    await this.mailer.send(tx, 'password_changed', { accountId: account.id, email: account.email, locale: account.locale }, {});
  }
}
