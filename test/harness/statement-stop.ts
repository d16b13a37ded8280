// Processes that are killed at one of the statements they send to PostgreSQL.
import { fileURLToPath } from 'node:url';
import { killedWhenStopped } from './killed-process.ts';

const STOP = fileURLToPath(new URL('./stop-at-statement.mjs', import.meta.url));
const LETHE = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The `nth` statement that has `like` in it, counted from the first that has `from` in it. */
export interface StatementStop {
  readonly from?: string;
  readonly like?: string;
  readonly nth: number;
  /** `within`: it is sent, and its answer not waited for. */
  readonly moment?: 'before' | 'within';
}

type Killed = Awaited<ReturnType<typeof killedWhenStopped>>;

/** Runs Node with these arguments up to that statement, or to its end. */
export function killedAtStatement(
  stop: StatementStop,
  argumentsOfNode: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Killed> {
  return killedWhenStopped(['--import', STOP, ...argumentsOfNode], { ...environment, STOP_AT: JSON.stringify(stop) });
}

/** The built program likewise. */
export function startKilledAt(stop: StatementStop, environment: Readonly<Record<string, string>>): Promise<Killed> {
  return killedAtStatement(stop, [LETHE], environment);
}
