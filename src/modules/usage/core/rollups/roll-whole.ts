import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Bucket, RollupCellsRepository } from '../../data/rollup-cells.repository.js';
import { RollupProgressRepository } from '../../data/rollup-progress.repository.js';
import { BucketOwners } from './bucket-owners.js';
import { MOST_CALLS } from './pieces-of-work.js';
import { dayOf } from './rollup-windows.js';

/** An hour to be made, and with it the day, where that was made before. */
export interface HourTask {
  readonly hour: Bucket;
  readonly withDay: boolean;
}

/** Makes whole buckets of several organisations, each with one statement, in one transaction. */
@Injectable()
export class RollWhole {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cells: RollupCellsRepository,
    private readonly progress: RollupProgressRepository,
    private readonly owners: BucketOwners,
  ) {}

  /** Retention makes partitions of the full window ahead; hours go sooner, and days made late have theirs in the past. */
  async makePartitions(buckets: readonly Bucket[], organisations: readonly OrganisationId[]): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.progress.createPartitions(tx, this.owners.expiries(buckets, organisations)));
  }

  /** How many calls each of them has in an hour: more than {@link MOST_CALLS} may be told as any such number, and so is an hour that is half made. */
  async calls(hour: Bucket, organisations: readonly OrganisationId[]): Promise<Map<OrganisationId, number>> {
    return this.unitOfWork.asSystem(async (tx) => {
      const counts = await this.cells.recordCounts(tx, hour, organisations, MOST_CALLS + 1);
      for (const organisationId of await this.progress.halfMade(tx, hour.startMs, organisations)) counts.set(organisationId, Infinity);
      return counts;
    });
  }

  /** Answers of how many the hour stands as it is, for good. */
  async hour({ hour, withDay }: HourTask, organisations: readonly OrganisationId[]): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.progress.lock(tx);
      await this.progress.forgetLate(tx, hour.startMs, organisations);
      const changeable = await this.owners.changeable(tx, hour, organisations);
      await this.cells.replaceByRecords(tx, hour, this.owners.of(hour, changeable));
      const day = dayOf(hour.startMs);
      if (withDay) await this.cells.replaceByParts(tx, day, this.owners.of(day, changeable));
      return organisations.length - changeable.length;
    });
  }

  /** Makes a day from its hours. */
  async day(day: Bucket, organisations: readonly OrganisationId[]): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      await this.progress.lock(tx);
      await this.cells.replaceByParts(tx, day, this.owners.of(day, organisations));
    });
  }

  /** Leaves a day to a later round: whoever reads it until then reads the ledger. Its first hour is made anew, and the day with it. */
  async postpone(day: Bucket, organisationId: OrganisationId): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.progress.noteLate(tx, day.startMs, organisationId));
  }
}
