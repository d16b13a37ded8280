import { Injectable } from '@nestjs/common';
import type { ExpiringTable } from '../../../../contracts/expiring-tables.js';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { type DroppedPartition, type Partition, Partitions } from '../partitions.js';
import { Receipts } from '../receipts/receipts.js';
import type { Removal } from '../../data/receipts.repository.js';
import { classOf } from './known-tables.js';
import { endOfDay } from './due-moment.js';

/** Steps in a row that find everything in use, after which the rest waits for the next round. */
const MAX_FRUITLESS_STEPS = 3;
const NOTHING = { partitions: 0, rows: 0, rowsExact: true, bytes: 0 } as const;

/** What became of the expired partitions of a table. */
export interface DropRound {
  readonly dropped: readonly string[];
  /** Somebody was reading them; the next round drops them. */
  readonly postponed: readonly string[];
}

/** Drops the partitions of a table whose day is over, and accounts for it. */
@Injectable()
export class DropPartitions {
  constructor(
    private readonly partitions: Partitions,
    private readonly receipts: Receipts,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async run(table: ExpiringTable, existing: readonly Partition[], signal?: AbortSignal): Promise<DropRound> {
    const today = utcDay(this.clock.nowMs());
    const expired = existing.filter(({ day }) => day < today);
    const dropped = await this.oneByOne(table, expired, signal);
    if (expired.length > 0) await this.receipts.close(table.table, 'purged');
    return { dropped, postponed: expired.map(({ name }) => name).filter((name) => !dropped.includes(name)) };
  }

  /**
   * Oldest first, each step in its own transaction. A step asks again for those before it that were busy, and what it drops comes
   * last: so the table is never held locked while waiting for a partition.
   */
  private async oneByOne(table: ExpiringTable, expired: readonly Partition[], signal?: AbortSignal): Promise<string[]> {
    const dropped: string[] = [];
    const beganAt = this.clock.now();
    // A hold placed from here on is seen by the drop itself.
    const anyHold = expired.length > 0 && (await this.partitions.anyHold());
    let fruitless = 0;
    for (const { name, day } of expired) {
      if (signal?.aborted === true || fruitless === MAX_FRUITLESS_STEPS) break;
      const step = { store: table.table, action: 'purged', dataClass: classOf(table), cutOff: endOfDay(day), beganAt } as const;
      if (anyHold) await this.keepHeld(step, day, signal);
      const gone = await this.partitions.dropThrough(table.table, day, (tx, parts) => this.receipts.note(tx, { ...step, ...sumOf(parts) }));
      dropped.push(...gone.map((each) => each.name));
      fruitless = gone.length > 0 ? 0 : fruitless + 1;
      if (!dropped.includes(name))
        this.log.warn('an expired partition is in use; the next round drops it', {
          component: 'retention',
          table: table.table,
          partition: name,
        });
    }
    if (dropped.length > 0)
      this.log.info('dropped expired partitions', { component: 'retention', table: table.table, count: dropped.length });
    return dropped;
  }

  /** Copies what holds cover ahead of the drop, in steps that each end, so that the drop has little left to do. */
  private async keepHeld(step: PurgeStep, day: string, signal?: AbortSignal): Promise<void> {
    let copied = 1;
    while (copied > 0 && signal?.aborted !== true) {
      copied = await this.partitions.copyHeld(step.store, day, (tx, held) => this.receipts.note(tx, { ...step, ...NOTHING, held }));
    }
  }
}

type PurgeStep = Pick<Removal, 'store' | 'action' | 'dataClass' | 'cutOff' | 'beganAt'>;

function sumOf(parts: readonly DroppedPartition[]) {
  const sum = (of: (part: DroppedPartition) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    partitions: parts.length,
    rows: sum(({ rows }) => rows),
    rowsExact: parts.every(({ rowsExact }) => rowsExact),
    bytes: sum(({ bytes }) => bytes),
    held: sum(({ held }) => held),
  };
}
