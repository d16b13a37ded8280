import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Bucket, type BucketOwner, RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { type LateHour, RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { dayOf, hourOf, RollupWindows } from './rollup-windows.js';

/** Organisations whose buckets are made in one transaction. */
const BATCH = 100;
/** And calls, unless a single organisation has more. */
const BATCH_CALLS = 1_000_000;

/**
 * Makes whole buckets from what they are the sum of. Making one twice makes the same one, so a worker that dies in between is no matter. What was
 * made is never replaced from less: once the first of its records has expired, or fewer are there than were summed, a bucket stands as it is.
 */
@Injectable()
export class RollBuckets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cells: RollupCellsRepository,
    private readonly progress: RollupProgressRepository,
    private readonly windows: RollupWindows,
  ) {}

  /**
   * Makes an hour from the ledger, and forgets that it had late records; with it the day, where that was made before. Answers of how many organisations it
   * stands as it is, for good.
   */
  async hour(hour: Bucket, organisations: readonly OrganisationId[], withDay: boolean): Promise<number> {
    const day = dayOf(hour.startMs);
    let standing = 0;
    const calls = await this.unitOfWork.asSystem((tx) => this.cells.recordCounts(tx, hour, organisations));
    for (const batch of batches(organisations, calls)) {
      await this.makePartitions(withDay ? [hour, day] : [hour], batch);
      await this.unitOfWork.asSystem(async (tx) => {
        await this.progress.lock(tx);
        await this.progress.forgetLate(tx, hour.startMs, batch);
        const changeable = await this.changeable(tx, hour, batch);
        await this.cells.replaceHour(tx, hour, this.owners(hour, changeable));
        if (withDay) await this.cells.replaceDay(tx, day, this.owners(day, changeable));
        standing += batch.length - changeable.length;
      });
    }
    return standing;
  }

  /** Makes hours anew, and their days where those are made already; answers as {@link hour} does. */
  async hours(hours: readonly LateHour[], daysUntilMs: number, signal: AbortSignal): Promise<number> {
    let standing = 0;
    for (const [hourMs, own] of Map.groupBy(hours, (each) => each.hourMs)) {
      if (signal.aborted) break;
      const organisations = own.map(({ organisationId }) => organisationId);
      standing += await this.hour(hourOf(hourMs), organisations, hourMs < daysUntilMs);
    }
    return standing;
  }

  /** Makes a day from its hours. */
  async day(day: Bucket, organisations: readonly OrganisationId[]): Promise<void> {
    for (const batch of batches(organisations)) {
      await this.makePartitions([day], batch);
      await this.unitOfWork.asSystem(async (tx) => {
        await this.progress.lock(tx);
        await this.cells.replaceDay(tx, day, this.owners(day, batch));
      });
    }
  }

  private async changeable(tx: Tx, hour: Bucket, organisations: readonly OrganisationId[]): Promise<OrganisationId[]> {
    const today = this.windows.today();
    const existing = await this.cells.totals(tx, hour, organisations);
    const isOver = (organisationId: OrganisationId): boolean => this.windows.expiresOn(hour, organisationId) < today;
    const frozen = new Set(organisations.filter(isOver));
    if (existing.length > 0) {
      const ids = existing.map(({ organisationId }) => organisationId);
      const counts = await this.cells.recordCounts(tx, hour, ids);
      for (const { organisationId, calls, sourceExpiresOn } of existing) {
        const isPartlyGone = sourceExpiresOn < today || hour.startMs < this.windows.recordsSinceMs(organisationId);
        if (isPartlyGone || (counts.get(organisationId) ?? 0) < calls) frozen.add(organisationId);
      }
    }
    return organisations.filter((organisationId) => !frozen.has(organisationId));
  }

  private owners(bucket: Bucket, organisations: readonly OrganisationId[]): BucketOwner[] {
    return organisations.map((organisationId) => ({ organisationId, expiresOn: this.windows.expiresOn(bucket, organisationId) }));
  }

  /** Retention makes those of the full window ahead; hours go sooner, and days made late have theirs in the past. */
  private async makePartitions(buckets: readonly Bucket[], organisations: readonly OrganisationId[]): Promise<void> {
    const today = this.windows.today();
    const days = new Set(buckets.flatMap((bucket) => this.owners(bucket, organisations).map(({ expiresOn }) => expiresOn)));
    const wanted = [...days].filter((day) => day >= today).sort();
    await this.unitOfWork.asSystem((tx) => this.progress.createPartitions(tx, wanted));
  }
}

/** Organisations in batches that one statement can make in seconds. */
function batches(organisations: readonly OrganisationId[], calls: ReadonlyMap<OrganisationId, number> = new Map()): OrganisationId[][] {
  const all: OrganisationId[][] = [];
  let room = 0;
  for (const organisationId of organisations) {
    const current = all.at(-1);
    room -= calls.get(organisationId) ?? 0;
    if (current !== undefined && current.length < BATCH && room >= 0) {
      current.push(organisationId);
    } else {
      all.push([organisationId]);
      room = BATCH_CALLS - (calls.get(organisationId) ?? 0);
    }
  }
  return all;
}
