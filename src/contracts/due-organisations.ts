import { utcDayAfter } from '../kernel/clock.js';
import type { OrganisationId } from '../kernel/ids.js';
import type { WindowedClass } from './data-classes.js';
import type { RetentionWindows } from './retention-windows.js';
import type { SweepContext } from './swept-store.js';

/** Organisations that are asked for, and swept, together. */
const BATCH = 500;

/** What one organisation no longer keeps: what is of this day or an earlier one. */
export interface LastDay {
  readonly organisationId: OrganisationId;
  /** `YYYY-MM-DD` UTC. */
  readonly day: string;
}

/** Which organisations are asked for. */
export interface DuePage {
  /** `YYYY-MM-DD` UTC: the last day of whoever keeps for the shortest time. An organisation that has nothing of it or an earlier one has nothing due. */
  readonly latestDay: string;
  /** The last one of the page before; null for the first page. */
  readonly after: OrganisationId | null;
  readonly limit: number;
}

/** What is let go of, by whose windows. */
export interface DueData {
  readonly windows: RetentionWindows;
  readonly dataClass: WindowedClass;
}

/**
 * Organisations that may have something past its window (D2), page by page, each with its own last day. `find` answers, in the order of their ids, those
 * that have anything of `latestDay` or earlier; it is asked for the next page when the one before has been dealt with, and no more once `signal` fires.
 */
export async function* dueOrganisations(
  { windows, dataClass }: DueData,
  { nowMs, signal }: Pick<SweepContext, 'nowMs' | 'signal'>,
  find: (page: DuePage) => Promise<readonly OrganisationId[]>,
): AsyncGenerator<readonly LastDay[], void, void> {
  const latestDay = utcDayAfter(nowMs, -Math.min(...windows.inForce(dataClass)));
  const lastDayOf = (organisationId: OrganisationId) => ({
    organisationId,
    day: utcDayAfter(nowMs, -windows.days(dataClass, organisationId)),
  });
  let found: readonly OrganisationId[] = [];
  do {
    found = await find({ latestDay, after: found.at(-1) ?? null, limit: BATCH });
    if (found.length > 0) yield found.map(lastDayOf);
  } while (found.length === BATCH && !signal.aborted);
}
