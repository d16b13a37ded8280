import type { BackupHeader } from './archive/backup-header.js';

/** How far the clocks of those who take backups may be apart. More is a clock that was wrong, or is. */
export const CLOCK_SKEW_MS = 3_600_000;

/** Backups that would pass their last moment before the next round go in this one: a promised day is not overrun by the length of a round. */
export const ROUND_MS = 15 * 60_000;

/** Whether a backup goes in the round of this moment. */
export function isDue({ expiresAt }: Pick<BackupHeader, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt.getTime() <= nowMs + ROUND_MS;
}

/** The last moment that a backup can have been taken at by now. */
export function latestTakenAt(nowMs: number): Date {
  return new Date(nowMs + CLOCK_SKEW_MS);
}

/** Whether a backup says it is of a time that has not come yet. Nobody can tell how old it is, and so not when its days are over. */
export function isAhead({ takenAt }: Pick<BackupHeader, 'takenAt'>, nowMs: number): boolean {
  return takenAt > latestTakenAt(nowMs);
}
