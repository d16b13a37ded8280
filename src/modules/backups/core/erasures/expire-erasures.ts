import { Injectable } from '@nestjs/common';
import { type Survivor, type SweepContext, SweptStore, type Swept } from '../../../../contracts/swept-store.js';
import { DAY_MS, utcDay } from '../../../../kernel/clock.js';
import { BackupTables } from '../../data/backup-tables.js';
import { ErasureCopies } from './erasure-copies.js';

/** Removes copies of the ledger past their last day: no backup from before their records can be restored any more. */
@Injectable()
export class ExpireErasures extends SweptStore {
  override readonly store = 'blobs.erasures';
  override readonly dataClass = 'backup';

  constructor(
    private readonly tables: BackupTables,
    private readonly copies: ErasureCopies,
  ) {
    super();
  }

  override async sweep({ nowMs, signal }: SweepContext): Promise<Swept> {
    const swept = { rows: 0, bytes: 0 };
    const today = utcDay(nowMs);
    for await (const { key, bytes, lastDay } of this.copies.list(await this.installation())) {
      if (signal.aborted || lastDay >= today) return swept;
      await this.copies.remove(key, signal);
      swept.rows += 1;
      swept.bytes += bytes;
    }
    return swept;
  }

  override async oldestSurvivor(): Promise<Survivor | null> {
    for await (const { lastDay, modifiedAt } of this.copies.list(await this.installation())) {
      return { writtenAt: modifiedAt, dueAt: new Date(Date.parse(lastDay) + DAY_MS) };
    }
    return null;
  }

  private async installation(): Promise<string> {
    return (await this.tables.installation()).installation;
  }
}
