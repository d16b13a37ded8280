import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Survivors } from '../survey/survivors.js';
import { Receipts } from './receipts.js';

/** Writes the receipts of runs that have noted what they did and have not come to their end: they were killed, or wait to be summed up. */
@Injectable()
export class CloseReceipts {
  constructor(
    private readonly receipts: Receipts,
    private readonly survivors: Survivors,
    private readonly clock: Clock,
  ) {}

  /** Those that began at least `ageMs` ago. */
  async run(ageMs: number): Promise<void> {
    for (const { store, action } of await this.receipts.open(new Date(this.clock.nowMs() - ageMs))) {
      const oldest = await this.survivors.of(store);
      await this.receipts.close(store, action, oldest?.writtenAt ?? null);
    }
  }
}
