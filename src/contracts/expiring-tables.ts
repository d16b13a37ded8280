/** A table partitioned by `RANGE (expires_on)`, one partition a UTC day, named `<table>_p<YYYYMMDD>`. */
export interface ExpiringTable {
  readonly table: string;
  /** How many days ahead of today rows of this table expire: partitions are made that far ahead, plus a margin. */
  readonly windowDays: number;
  /** The least, where rows of one table have windows of their own; else all have the same. */
  readonly shortestDays?: number;
}

/**
 * Says which tables of a module expire by partition. Retention reads all of them, makes partitions ahead and drops the expired
 * ones; it knows nothing else about their owners. One implementation per module; collected by discovery.
 */
export abstract class ExpiringTables {
  abstract expiringTables(): readonly ExpiringTable[];
}
