import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { NotificationKeyEntity, type NotificationKeyRow } from './notification-key.entity.js';

/** Reads and writes the one row; the transaction must be a system one. */
@Injectable()
export class NotificationKeyRepository {
  find(tx: Tx): Promise<NotificationKeyRow | null> {
    return tx.findOne(NotificationKeyEntity, { where: {} });
  }

  /** Keeps the row that is there, if another process was first. */
  async addFirst(tx: Tx, row: NotificationKeyRow): Promise<boolean> {
    const made = await tx.query<unknown[]>(
      `INSERT INTO notification_key (id, format_version, kms_key_id, wrapped_key, ciphertext, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
      [row.id, row.formatVersion, row.kmsKeyId, row.wrappedKey, row.ciphertext, row.createdAt],
    );
    return made.length > 0;
  }

  /** Replaces the wrapping, unless somebody else has meanwhile. */
  async rewrap(tx: Tx, before: NotificationKeyRow, after: Pick<NotificationKeyRow, 'kmsKeyId' | 'wrappedKey'>): Promise<boolean> {
    const { affected } = await tx.update(
      NotificationKeyEntity,
      { id: before.id, kmsKeyId: before.kmsKeyId, wrappedKey: before.wrappedKey },
      { kmsKeyId: after.kmsKeyId, wrappedKey: after.wrappedKey },
    );
    return affected === 1;
  }
}
