import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type MailId, OutgoingMailEntity, type OutgoingMailRow } from './outgoing-mail.entity.js';

@Injectable()
export class OutgoingMailRepository {
  /** In any transaction: whoever may change data may queue a mail, and never read one back. */
  async add(tx: Tx, mail: OutgoingMailRow): Promise<void> {
    const { id, kind, sealed, createdAt } = mail;
    await tx.query('INSERT INTO outgoing_mail (id, kind, sealed, created_at) VALUES ($1, $2, $3, $4)', [id, kind, sealed, createdAt]);
  }

  /** The transaction must be a system one, here and below. */
  find(tx: Tx, id: MailId): Promise<OutgoingMailRow | null> {
    return tx.findOneBy(OutgoingMailEntity, { id });
  }

  /** Whether it was still there. */
  async remove(tx: Tx, id: MailId): Promise<boolean> {
    return (await tx.delete(OutgoingMailEntity, { id })).affected === 1;
  }

  /** Removes what was queued before that moment and never left; answers how many. */
  async removeOlder(tx: Tx, before: Date): Promise<number> {
    return (await tx.delete(OutgoingMailEntity, { createdAt: LessThan(before) })).affected ?? 0;
  }
}
