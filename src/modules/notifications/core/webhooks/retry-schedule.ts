/** Waits between the attempts of one delivery: a dozen in about a day, close together while a hiccup is likely. */
const WAITS_SECONDS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 37_800] as const;

export const MAX_ATTEMPTS = WAITS_SECONDS.length + 1;

/** A receiver may ask for more time, but not for ever. */
const LONGEST_ASKED_SECONDS = 3_600;
const SPREAD = 0.1;

/**
 * How long to wait after the attempt with this number (from 1), milliseconds; null after the last. A random tenth is added, so that
 * deliveries which failed together do not all come back together. `random` is in [0, 1).
 */
export function waitAfter(attempt: number, askedSeconds: number | null, random: number): number | null {
  const planned = WAITS_SECONDS[attempt - 1];
  if (planned === undefined) return null;
  const asked = Math.min(askedSeconds ?? 0, LONGEST_ASKED_SECONDS);
  return Math.round(Math.max(planned, asked) * (1 + SPREAD * random) * 1_000);
}
