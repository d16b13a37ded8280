import { Injectable } from '@nestjs/common';
import { ErasureReplayer, type RecordedErasure } from '../../../../contracts/erasure-ledger.js';
import { utcDay } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AccountClosuresRepository } from '../../data/account-closures.repository.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { EVERY_LINK_KIND } from '../links/link-kinds.js';
import { MailedLinks } from '../links/mailed-links.js';

/** What the erasure ledger calls it. */
export const ACCOUNT_REMOVED = 'account.removed';

/**
 * Removes again an account that was removed after the backup that was restored (D4). Its memberships go with it, also the last owner's: whoever took
 * the organisation over did so after the backup, and the operator has to be asked again.
 */
@Injectable()
export class ReplayAccountRemoval extends ErasureReplayer {
  override readonly kind = ACCOUNT_REMOVED;

  constructor(
    private readonly desk: AccountDesk,
    private readonly links: MailedLinks,
    private readonly closures: AccountClosuresRepository,
    private readonly events: AccountEvents,
  ) {
    super();
  }

  override async replay(tx: Tx, { subjectId, recordedAt }: RecordedErasure): Promise<void> {
    const accountId = subjectId as AccountId;
    if ((await this.desk.accounts.lock(tx, accountId)) === null) return;
    await this.links.cancel(tx, accountId, EVERY_LINK_KIND);
    await this.desk.accounts.delete(tx, accountId);
    await this.closures.insert(tx, 'minor_found', utcDay(recordedAt.getTime()));
    const actor = { kind: 'system', id: 'backups' } as const;
    await this.events.record(tx, { action: 'account.removed', accountId, actor, detail: { reason: 'removed_before_restore' } });
  }
}
