import { Injectable } from '@nestjs/common';
import type { SessionId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { LinkPost } from '../links/link-post.js';

/** What follows from every new password: other sessions end, open links are worthless, and the owner is told. */
@Injectable()
export class SetPassword {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly events: AccountEvents,
  ) {}

  /** In the caller's transaction. `kept` is the session that goes on; null ends all. */
  async run(
    tx: Tx,
    account: AccountEntity,
    hash: string,
    how: { readonly by: 'change' | 'recovery' | 'recovery_code'; readonly kept: SessionId | null },
  ): Promise<void> {
    const { id, email, emailVerifiedAt, locale } = account;
    await this.desk.accounts.setPassword(tx, id, hash, this.desk.clock.now());
    const sessionsEnded = await this.desk.sessions.endAll(tx, id, how.kept);
    await this.post.links.cancel(tx, id, ['sign_in', 'recovery', 'step_up', 'email_change']);
    await this.events.record(tx, { action: 'account.password_changed', accountId: id, detail: { by: how.by, sessionsEnded } });
    if (email !== null && emailVerifiedAt !== null)
      await this.post.mailer.send(tx, 'password_changed', { accountId: id, email, locale }, {});
  }
}
