import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { Bucket } from '../../data/rollup-cells.repository.js';
import type { LateHour } from '../../data/rollup-progress.repository.js';
import { CompareHours } from './compare-hours.js';
import { MOST_CALLS, piecesOf, workThrough } from './pieces-of-work.js';
import { RollByMinutes } from './roll-by-minutes.js';
import { type HourTask, RollWhole } from './roll-whole.js';
import { dayOf, hourOf } from './rollup-windows.js';

/** What became of hours that were to be made. */
interface HoursMade {
  /** Of how many organisations an hour stands as it is, for good: what it was made of is partly gone. */
  standing: number;
  /** Whose hour the database would not make; it is marked as one with late records. */
  readonly failed: OrganisationId[];
}

/**
 * Makes buckets from what they are the sum of. Making one twice makes the same one, so a worker that dies in between is no matter. No statement reads more
 * than {@link MOST_CALLS} records, or a minute of one organisation; what the database refuses for one organisation is made for all others.
 */
@Injectable()
export class RollBuckets {
  constructor(
    private readonly whole: RollWhole,
    private readonly minutes: RollByMinutes,
    private readonly comparison: CompareHours,
    private readonly log: Log,
  ) {}

  /** Makes an hour from the ledger, and forgets that it had late records. Told to stop, it leaves some as they are. */
  async hour(task: HourTask, organisations: readonly OrganisationId[], signal: AbortSignal): Promise<HoursMade> {
    const { hour, withDay } = task;
    const made: HoursMade = { standing: 0, failed: [] };
    await this.whole.makePartitions(withDay ? [hour, dayOf(hour.startMs)] : [hour], organisations);
    const calls = await this.callsOf(hour, organisations);
    const large = organisations.filter((organisationId) => (calls.get(organisationId) ?? 0) > MOST_CALLS);
    for (const piece of piecesOf(organisations, calls)) {
      if (signal.aborted) return made;
      await workThrough(
        piece,
        async (own) => void (made.standing += await this.whole.hour(task, own)),
        (organisationId) => void large.push(organisationId),
      );
    }
    for (const organisationId of large) {
      if (signal.aborted) return made;
      await workThrough(
        [organisationId],
        async () => void (made.standing += (await this.minutes.run(task, organisationId, signal)) ? 1 : 0),
        async (_, error) => {
          made.failed.push(organisationId);
          await this.minutes.giveUp(hour, organisationId);
          this.say(hour, organisationId, error);
        },
      );
    }
    return made;
  }

  /** Makes hours anew, and their days where those are made already. Whose hour the database refuses once is left alone for the rest of them. */
  async hours(hours: readonly LateHour[], daysUntilMs: number, signal: AbortSignal): Promise<HoursMade> {
    const made: HoursMade = { standing: 0, failed: [] };
    for (const [hourMs, own] of Map.groupBy(hours, (each) => each.hourMs)) {
      if (signal.aborted) break;
      const organisations = own.map(({ organisationId }) => organisationId).filter((each) => !made.failed.includes(each));
      const { standing, failed } = await this.hour({ hour: hourOf(hourMs), withDay: hourMs < daysUntilMs }, organisations, signal);
      made.standing += standing;
      made.failed.push(...failed);
    }
    return made;
  }

  /** Makes those hours of a day anew, before the day itself is made, that are not what the ledger says. */
  async mend(day: Bucket, signal: AbortSignal): Promise<void> {
    await this.hours(await this.comparison.run(day, signal), day.startMs, signal);
  }

  /** Makes a day from its hours. */
  async day(day: Bucket, organisations: readonly OrganisationId[]): Promise<void> {
    await this.whole.makePartitions([day], organisations);
    for (const piece of piecesOf(organisations)) {
      await workThrough(
        piece,
        (own) => this.whole.day(day, own),
        async (organisationId, error) => {
          await this.whole.postpone(day, organisationId);
          this.say(day, organisationId, error);
        },
      );
    }
  }

  private async callsOf(hour: Bucket, organisations: readonly OrganisationId[]): Promise<Map<OrganisationId, number>> {
    const calls = new Map<OrganisationId, number>();
    for (const piece of piecesOf(organisations)) {
      await workThrough(
        piece,
        async (own) => {
          for (const [organisationId, count] of await this.whole.calls(hour, own)) calls.set(organisationId, count);
        },
        (organisationId) => void calls.set(organisationId, Infinity),
      );
    }
    return calls;
  }

  private say({ grain, startMs }: Bucket, organisationId: OrganisationId, error: unknown): void {
    const what = { component: 'rollups', organisationId, grain, from: new Date(startMs).toISOString(), err: error };
    this.log.error('an organisation’s usage could not be rolled up; trying again in the next round', what);
  }
}
