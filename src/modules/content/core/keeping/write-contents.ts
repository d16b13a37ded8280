import { Injectable } from '@nestjs/common';
import { ensureDayPartition } from '../../../../platform/database/day-partition.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { CallContentsRepository } from '../../data/call-contents.repository.js';
import { CONTENT_TABLES } from '../../data/content-rows.js';
import type { SealedBatch } from './sealed-batch.js';

/** Days known to have their partition; they are a handful. */
const KNOWN_DAYS = 512;

/** With a plan for any rows: one for these would hold several copies of them, as constants. */
const WRITING = `SELECT set_config('synchronous_commit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** The partition a row belongs into. */
interface Place {
  readonly table: string;
  readonly day: string;
}

/** Writes the sealed content of many calls in one transaction. */
@Injectable()
export class WriteContents {
  private readonly known = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly contents: CallContentsRepository,
  ) {}

  /**
   * All of them or none; repeating it changes nothing. Does not wait for the disk (`synchronous_commit`): what a crash of the database takes in the next
   * instant is lost, never half there. Rejects with the database's errors.
   */
  async run(batch: SealedBatch): Promise<void> {
    const parts = [...batch.parts()];
    const places = new Map<string, Place>();
    for (const { store, rows } of parts) for (const day of rows.days) places.set(`${store} ${day}`, { table: CONTENT_TABLES[store], day });
    await this.unitOfWork.asSystem(async (tx) => {
      for (const [name, place] of places) await this.ensure(tx, name, place);
      await tx.query(WRITING);
      await this.unitOfWork.withContent(tx, async (content) => {
        for (const { store, rows } of parts) await this.contents.insert(content, store, rows);
      });
    });
    if (this.known.size > KNOWN_DAYS) this.known.clear();
    for (const name of places.keys()) this.known.add(name);
  }

  /** After a failure every day is looked at again: its partition may have been dropped by a purge that ran ahead of this process's clock. */
  doubt(): void {
    this.known.clear();
  }

  private async ensure(tx: Tx, name: string, { table, day }: Place): Promise<void> {
    if (!this.known.has(name)) await ensureDayPartition(tx, table, day);
  }
}
