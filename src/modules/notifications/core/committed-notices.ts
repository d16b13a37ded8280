import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../contracts/retention-windows.js';
import { assert } from '../../../kernel/assert.js';
import { Clock, utcDayAfter } from '../../../kernel/clock.js';
import { type AccountId, newId, type OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { NoticeId } from '../data/account-notice.entity.js';
import { type NoticeReader, NoticesRepository } from '../data/notices.repository.js';
import { type MessageKind, type MessageValues, Notices } from '../notifications.contract.js';
import { PublishWebhookEvent } from './webhooks/publish-webhook-event.js';
import { eventTypeOf } from './webhooks/webhook-event-types.js';

/** Longer text would be a person's words; a notice names things and its reader's language says them. */
const LONGEST_VALUE = 200;

/** Writes notices as rows of the caller's transaction, and with those of organisations the events of their webhooks. */
@Injectable()
export class CommittedNotices extends Notices {
  constructor(
    private readonly notices: NoticesRepository,
    private readonly webhooks: PublishWebhookEvent,
    private readonly clock: Clock,
    private readonly windows: RetentionWindows,
  ) {
    super();
  }

  override tellAccount(tx: Tx, accountId: AccountId, kind: MessageKind, values: MessageValues): Promise<void> {
    return this.add(tx, { accountId }, kind, values);
  }

  override async tellOrganisation(tx: Tx, organisationId: OrganisationId, kind: MessageKind, values: MessageValues): Promise<void> {
    await this.add(tx, { organisationId }, kind, values);
    await this.webhooks.run(tx, organisationId, { type: eventTypeOf(kind), detail: values });
  }

  private async add(tx: Tx, reader: NoticeReader, kind: MessageKind, detail: MessageValues): Promise<void> {
    assert(
      Object.values(detail).every((value) => String(value).length <= LONGEST_VALUE),
      `a notice holds short values (${kind})`,
    );
    const now = this.clock.now();
    const expiresOn = utcDayAfter(
      now.getTime(),
      this.windows.days('security_log', 'organisationId' in reader ? reader.organisationId : null),
    );
    await this.notices.add(tx, reader, { id: newId<NoticeId>(), expiresOn, kind, detail, createdAt: now, readAt: null });
  }
}
