import { Injectable } from '@nestjs/common';
import { IsNull, MoreThanOrEqual } from 'typeorm';
import type { AccountId } from '../../../kernel/ids.js';
import { ensureDayPartition } from '../../../platform/database/day-partition.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { TicketEntity, type TicketKind } from './ticket.entity.js';

/** What mailed links stand for. Only the system role reaches it (A3). */
@Injectable()
export class TicketsRepository {
  async insert(tx: Tx, ticket: TicketEntity): Promise<void> {
    await ensureDayPartition(tx, 'account_ticket', ticket.expiresOn);
    await tx.insert(TicketEntity, ticket);
  }

  findByToken(tx: Tx, tokenHash: Buffer): Promise<TicketEntity | null> {
    return tx.findOneBy(TicketEntity, { tokenHash });
  }

  /** The row, locked until the transaction ends: of two who use a link at once, the second finds it used. */
  lockByToken(tx: Tx, tokenHash: Buffer): Promise<TicketEntity | null> {
    return tx.findOne(TicketEntity, { where: { tokenHash }, lock: { mode: 'pessimistic_write' } });
  }

  /** Marks a link as used, and forgets whatever it held of a person. */
  async use(tx: Tx, { id, expiresOn }: TicketEntity, at: Date): Promise<void> {
    await tx.update(TicketEntity, { id, expiresOn }, { usedAt: at, email: null, waiting: null });
  }

  /** The same for all open links of an account of one of these kinds. */
  async useAll(tx: Tx, accountId: AccountId, kinds: readonly TicketKind[], at: Date): Promise<void> {
    for (const kind of kinds) {
      await tx.update(TicketEntity, { accountId, kind, usedAt: IsNull() }, { usedAt: at, email: null, waiting: null });
    }
  }

  /** The same for those that were made after one that is used by now. */
  async useLater(tx: Tx, { accountId, kind, createdAt }: TicketEntity, at: Date): Promise<void> {
    const later = { accountId: accountId ?? IsNull(), kind, createdAt: MoreThanOrEqual(createdAt), usedAt: IsNull() };
    await tx.update(TicketEntity, later, { usedAt: at, email: null, waiting: null });
  }
}
