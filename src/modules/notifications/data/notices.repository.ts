import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import { newestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { AccountNoticeEntity, type NoticeId } from './account-notice.entity.js';
import { OrganisationNoticeEntity } from './organisation-notice.entity.js';

/** Whose notices. */
export type NoticeReader = { readonly accountId: AccountId } | { readonly organisationId: OrganisationId };

export type NoticeRow = Pick<AccountNoticeEntity, 'id' | 'expiresOn' | 'kind' | 'detail' | 'createdAt' | 'readAt'>;

export interface NoticePage {
  /** Only those older than this one. */
  readonly before: NoticeId | undefined;
  readonly limit: number;
  readonly unreadOnly: boolean;
}

/** Notices of accounts need a system transaction, but for adding one; those of organisations one that sees the organisation. */
@Injectable()
export class NoticesRepository {
  async add(tx: Tx, reader: NoticeReader, { id, expiresOn, kind, detail, createdAt }: NoticeRow): Promise<void> {
    await ensureDayPartition(tx, 'accountId' in reader ? 'account_notice' : 'organisation_notice', expiresOn);
    const row = [id, expiresOn, kind, JSON.stringify(detail), createdAt];
    if ('accountId' in reader) {
      // By hand: whoever may add one for an account must not read any, so nothing may be returned.
      const sql = 'INSERT INTO account_notice (id, expires_on, kind, detail, created_at, account_id) VALUES ($1, $2, $3, $4, $5, $6)';
      await tx.query(sql, [...row, reader.accountId]);
      return;
    }
    await tx.insert(OrganisationNoticeEntity, { id, expiresOn, kind, detail, createdAt, readAt: null, ...reader });
  }

  /** Newest first. */
  list(tx: Tx, reader: NoticeReader, { before, limit, unreadOnly }: NoticePage): Promise<NoticeRow[]> {
    return tx.find(entityOf(reader), newestFirst({ ...reader, ...(unreadOnly ? { readAt: IsNull() } : {}) }, before, limit));
  }

  find(tx: Tx, reader: NoticeReader, id: NoticeId): Promise<NoticeRow | null> {
    return tx.findOneBy(entityOf(reader), { ...reader, id });
  }

  async markRead(tx: Tx, reader: NoticeReader, id: NoticeId, readAt: Date): Promise<void> {
    await tx.update(entityOf(reader), { ...reader, id, readAt: IsNull() }, { readAt });
  }
}

function entityOf(reader: NoticeReader): typeof AccountNoticeEntity | typeof OrganisationNoticeEntity {
  return 'accountId' in reader ? AccountNoticeEntity : OrganisationNoticeEntity;
}
