import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { NoticeId } from '../data/account-notice.entity.js';
import { type NoticePage, type NoticeReader, type NoticeRow, NoticesRepository } from '../data/notices.repository.js';
import { notificationsErrors } from '../notifications.errors.js';

/** Shows notices and puts them away. */
@Injectable()
export class ReadNotices {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly notices: NoticesRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  list(reader: NoticeReader, page: NoticePage): Promise<NoticeRow[]> {
    return this.within(reader, (tx) => this.notices.list(tx, reader, page));
  }

  /** Once read, it stays read since the first time. Raises `notifications/notice_not_found`. */
  async markRead(actor: AuditActor, reader: NoticeReader, id: NoticeId): Promise<NoticeRow> {
    return this.within(reader, async (tx) => {
      const notice = await this.notices.find(tx, reader, id);
      if (notice === null) throw notificationsErrors.notice_not_found();
      if (notice.readAt !== null) return notice;
      const readAt = this.clock.now();
      await this.notices.markRead(tx, reader, id, readAt);
      await this.audit.record(tx, {
        actor,
        action: 'notice.read',
        organisationId: 'organisationId' in reader ? reader.organisationId : null,
        target: { type: 'notice', id },
        detail: { kind: notice.kind },
      });
      return { ...notice, readAt };
    });
  }

  /** What belongs to a person belongs to no organisation, and is limited to that person by the query itself. */
  private within<T>(reader: NoticeReader, work: (tx: Tx) => Promise<T>): Promise<T> {
    return 'accountId' in reader ? this.unitOfWork.asSystem(work) : this.unitOfWork.forOrganisation(reader.organisationId, work);
  }
}
