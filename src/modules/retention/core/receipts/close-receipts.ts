import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Receipts } from './receipts.js';

/** Writes the receipts of runs that have noted what they did and have not come to their end: they were killed, or wait to be summed up. */
@Injectable()
export class CloseReceipts {
  constructor(
    private readonly receipts: Receipts,
    private readonly clock: Clock,
  ) {}

  /** Those that began at least `ageMs` ago. */
  async run(ageMs: number): Promise<void> {
    const open = await this.receipts.open(new Date(this.clock.nowMs() - ageMs));
    for (const { store, action } of open) await this.receipts.close(store, action);
  }
}
