import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Bucket } from '../../data/rollup-cells.repository.js';
import { endsSession } from '../database-verdict.js';
import { hourOf } from './rollup-windows.js';

const MINUTE_MS = 60_000;

/** Organisations that are worked on in one transaction. */
const MOST_ORGANISATIONS = 100;

/** Records that one statement reads: some five seconds of the thirty a statement may take. Whoever has more in an hour has it made minute by minute. */
export const MOST_CALLS = 500_000;

/** Organisations in pieces of {@link MOST_CALLS} at most; those with more by themselves are in none. Without `calls` only their number counts. */
export function piecesOf(
  organisations: readonly OrganisationId[],
  calls: ReadonlyMap<OrganisationId, number> = new Map(),
): OrganisationId[][] {
  const pieces: OrganisationId[][] = [];
  let room = 0;
  for (const organisationId of organisations) {
    const own = calls.get(organisationId) ?? 0;
    if (own > MOST_CALLS) continue;
    const current = pieces.at(-1);
    room -= own;
    if (current !== undefined && current.length < MOST_ORGANISATIONS && room >= 0) {
      current.push(organisationId);
    } else {
      pieces.push([organisationId]);
      room = MOST_CALLS - own;
    }
  }
  return pieces;
}

/** The minutes of an hour from a moment on. */
export function minutesOf({ startMs, endMs }: Bucket, fromMs = startMs): Bucket[] {
  const minutes: Bucket[] = [];
  for (let atMs = fromMs; atMs < endMs; atMs += MINUTE_MS) minutes.push({ grain: 'minute', startMs: atMs, endMs: atMs + MINUTE_MS });
  return minutes;
}

/** The hours of a day. */
export function hoursOf({ startMs, endMs }: Bucket): Bucket[] {
  const hours: Bucket[] = [];
  for (let hour = hourOf(startMs); hour.startMs < endMs; hour = hourOf(hour.endMs)) hours.push(hour);
  return hours;
}

/**
 * Works on a piece; what the database refuses to do for all of it at once, or what has a figure beyond what an amount holds, is done for one organisation
 * after the other. `alone` gets who is refused even then. A database that is away is nobody's trouble in particular: that error is passed on.
 */
export async function workThrough(
  piece: readonly OrganisationId[],
  work: (organisations: readonly OrganisationId[]) => Promise<void>,
  alone: (organisationId: OrganisationId, error: unknown) => Promise<void> | void,
): Promise<void> {
  try {
    await work(piece);
  } catch (error) {
    if (endsSession(error) && !(error instanceof RangeError)) throw error;
    const [first, ...others] = piece;
    if (others.length > 0) for (const organisationId of piece) await workThrough([organisationId], work, alone);
    else if (first !== undefined) await alone(first, error);
  }
}
