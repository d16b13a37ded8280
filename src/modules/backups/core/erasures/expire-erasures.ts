import { Injectable } from '@nestjs/common';
import { type StoreSweep, type Survivor, SweptStore } from '../../../../contracts/swept-store.js';
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

  override async sweep({ nowMs, signal, removing }: StoreSweep): Promise<void> {
    const today = utcDay(nowMs);
    for await (const { key, bytes, lastDay } of this.copies.list(await this.installation())) {
      if (signal.aborted || lastDay >= today) return;
      await removing([{ entry: key, bytes }], () => this.copies.remove(key, signal));
    }
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
