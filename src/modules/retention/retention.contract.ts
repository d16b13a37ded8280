/** What one round of partition maintenance did. */
export interface MaintenanceRound {
  readonly created: number;
  readonly dropped: readonly string[];
  /** Expired partitions that somebody was reading; the next round drops them. */
  readonly postponed: readonly string[];
}

/**
 * Keeps the partitions of every expiring table: makes those of the days ahead and drops those whose day is over (D2). Also the
 * injection token. Run once before serving in a process that migrates, so that the first call finds its partition; the worker repeats it.
 */
export abstract class PartitionMaintenance {
  /**
   * One round. A table that is busy is left for the next round and never makes anyone wait longer than a fraction of a second.
   * Raises an invariant error when a table that the inventory declares as expiring by partition is offered by no module (peers 16).
   */
  abstract run(signal?: AbortSignal): Promise<MaintenanceRound>;
}
