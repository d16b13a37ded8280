import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Bucket, RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { BucketOwners } from './bucket-owners.js';
import { minutesOf } from './pieces-of-work.js';
import type { HourTask } from './roll-whole.js';
import { dayOf } from './rollup-windows.js';

/**
 * Makes an hour of one organisation that has more calls than one statement can read: minute by minute, each in a transaction of its own, and then the
 * sum of them. Sketches merge by addition, so it is the hour that one statement would have made. How far it has come is written down with each minute:
 * whoever goes on after a kill begins with the next. Until the hour is whole it counts as one with late records, which are read from the ledger.
 */
@Injectable()
export class RollByMinutes {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cells: RollupCellsRepository,
    private readonly progress: RollupProgressRepository,
    private readonly owners: BucketOwners,
  ) {}

  /** Answers whether the hour stands as it is, for good. When it is told to stop, the hour is left half made. */
  async run({ hour, withDay }: HourTask, organisationId: OrganisationId, signal: AbortSignal): Promise<boolean> {
    const fromMs = await this.begin(hour, organisationId);
    if (fromMs === null) return true;
    for (const minute of minutesOf(hour, fromMs)) {
      if (signal.aborted) return false;
      await this.locked(async (tx) => {
        await this.cells.replaceByRecords(tx, minute, this.owners.of(minute, [organisationId]));
        await this.progress.madeUntil(tx, hour.startMs, organisationId, minute.endMs);
      });
    }
    return this.putTogether({ hour, withDay }, organisationId);
  }

  /** Forgets how far an hour came that the database would not make, and leaves it to a later round, which begins with what the ledger has then. */
  async giveUp(hour: Bucket, organisationId: OrganisationId): Promise<void> {
    await this.locked(async (tx) => {
      await this.progress.end(tx, hour.startMs, organisationId);
      await this.cells.removeMinutes(tx, hour, organisationId);
      await this.progress.noteLate(tx, hour.startMs, organisationId);
    });
  }

  /** The first moment that is not made yet, milliseconds; null when the hour may not be made. */
  private begin(hour: Bucket, organisationId: OrganisationId): Promise<number | null> {
    return this.locked(async (tx) => {
      const madeUntilMs = await this.progress.madeUntilMs(tx, hour.startMs, organisationId);
      if (madeUntilMs !== undefined) return madeUntilMs;
      await this.progress.forgetLate(tx, hour.startMs, [organisationId]);
      if ((await this.owners.changeable(tx, hour, [organisationId])).length === 0) return null;
      await this.progress.begin(tx, hour.startMs, organisationId);
      return hour.startMs;
    });
  }

  private putTogether({ hour, withDay }: HourTask, organisationId: OrganisationId): Promise<boolean> {
    return this.locked(async (tx) => {
      await this.progress.end(tx, hour.startMs, organisationId);
      // Asked again: records may have gone since it was begun.
      const changeable = await this.owners.changeable(tx, hour, [organisationId]);
      if (changeable.length > 0) await this.cells.replaceByParts(tx, hour, this.owners.of(hour, changeable));
      await this.cells.removeMinutes(tx, hour, organisationId);
      const day = dayOf(hour.startMs);
      if (withDay && changeable.length > 0) await this.cells.replaceByParts(tx, day, this.owners.of(day, changeable));
      return changeable.length === 0;
    });
  }

  private locked<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.progress.lock(tx);
      return work(tx);
    });
  }
}
