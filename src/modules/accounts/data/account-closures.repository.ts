import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

export type ClosureReason = 'minor_found';

/** Records that an account was removed, without a trace of whose it was. Only the system role reaches them (A3). */
@Injectable()
export class AccountClosuresRepository {
  async insert(tx: Tx, reason: ClosureReason, closedOn: string): Promise<void> {
    // An id of its own, not the account's: nothing leads back.
    await tx.query('INSERT INTO account_closure (id, reason, closed_on) VALUES ($1, $2, $3)', [newId(), reason, closedOn]);
  }
}
