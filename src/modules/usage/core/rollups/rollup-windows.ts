import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { Clock, DAY_MS, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Bucket, UsageGrain } from '../../data/rollup-cells.repository.js';

export const HOUR_MS = 3_600_000;
/** Hours are there for a quarter to look at; after that the day tells enough. Never longer than the class of aggregates. */
const HOURS_KEPT_DAYS = 92;

/** The hour that a moment falls into. */
export function hourOf(ms: number): Bucket {
  const startMs = ms - (ms % HOUR_MS);
  return { grain: 'hour', startMs, endMs: startMs + HOUR_MS };
}

/** The UTC day that a moment falls into. */
export function dayOf(ms: number): Bucket {
  const startMs = ms - (ms % DAY_MS);
  return { grain: 'day', startMs, endMs: startMs + DAY_MS };
}

/** How long roll-ups are kept, and how far back the records go that they are made from. */
@Injectable()
export class RollupWindows {
  constructor(
    private readonly windows: RetentionWindows,
    private readonly clock: Clock,
  ) {}

  /** `YYYY-MM-DD` UTC. */
  today(): string {
    return utcDay(this.clock.nowMs());
  }

  /** The last day a bucket is kept, `YYYY-MM-DD`. */
  expiresOn({ grain, startMs }: { readonly grain: UsageGrain; readonly startMs: number }, organisationId: OrganisationId): string {
    const days = this.windows.days('usage_aggregate', organisationId);
    return utcDayAfter(startMs, grain === 'day' ? days : Math.min(HOURS_KEPT_DAYS, days));
  }

  /** The first moment of which the ledger has everything an organisation did; null: of which it has what all of them did. */
  recordsSinceMs(organisationId: OrganisationId | null): number {
    return this.startOfWindowMs(this.daysOf('request_metadata', organisationId));
  }

  /** The first moment of which there are hours; null: of which there are those of all organisations. */
  hoursSinceMs(organisationId: OrganisationId | null): number {
    return this.startOfWindowMs(Math.min(HOURS_KEPT_DAYS, this.daysOf('usage_aggregate', organisationId)));
  }

  private daysOf(dataClass: 'request_metadata' | 'usage_aggregate', organisationId: OrganisationId | null): number {
    return organisationId === null ? Math.min(...this.windows.inForce(dataClass)) : this.windows.days(dataClass, organisationId);
  }

  private startOfWindowMs(days: number): number {
    return dayOf(this.clock.nowMs() - days * DAY_MS).startMs;
  }
}
