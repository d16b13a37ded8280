import type { WindowedClass } from './data-classes.js';

/** How long rows of an expiring table live: as the profile says for their class, or, for what has a life of its own, between these days. */
export type ExpiryWindow =
  /** `least`: what the table cannot do with less of. A profile that gives less is refused at the start. */
  { readonly dataClass: WindowedClass; readonly least?: LeastWindow } | { readonly shortestDays: number; readonly longestDays: number };

export interface LeastWindow {
  readonly days: number;
  /** Why, in words that follow "because". */
  readonly reason: string;
}

/** A table partitioned by `RANGE (expires_on)`, one partition a UTC day, named `<table>_p<YYYYMMDD>`. */
export interface ExpiringTable {
  readonly table: string;
  readonly window: ExpiryWindow;
  /** The column (timestamptz) that says when a row was written: shortened windows are counted from it, and holds by time read it. Null when nothing does. */
  readonly writtenAt: string | null;
  /** The date is part of what others have signed or counted on: a shortened window holds for rows written from then on. */
  readonly fixed?: true;
  /** The column that names the organisation a row belongs to; null when rows belong to none. */
  readonly organisation: string | null;
}

/**
 * Says which tables of a module expire by partition. Retention reads all of them, makes partitions ahead and drops the expired
 * ones; it knows nothing else about their owners. One implementation per module; collected by discovery.
 */
export abstract class ExpiringTables {
  abstract expiringTables(): readonly ExpiringTable[];
}
