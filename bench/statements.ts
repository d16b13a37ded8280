/**
 * How many PostgreSQL statements a request costs. Counted after the timed rounds, in rounds of their own, because the counter
 * (pg_stat_statements) must be loaded when the server starts and would burden what it counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Bench, Cell } from './round.ts';
import type { RunningLethe } from './targets/lethe.ts';

/** What was counted: statements, or, where pg_stat_statements cannot be had, transactions by pg_stat_database. */
export type Counted = 'statements' | 'transactions';

export interface StatementCount extends Cell {
  readonly counted: Counted;
  readonly perRequest: number;
  /** Of background work, while nothing was asked of the gateway; part of `perRequest` too. */
  readonly idlePerSecond: number;
  readonly requests: number;
}

/** Idle backends hand in their transaction counts after 10 s (PGSTAT_IDLE_INTERVAL); statements are counted at once. */
const quietMs = { statements: 2_000, transactions: 11_000 } as const;

const counters = {
  statements: `SELECT coalesce(sum(calls), 0) AS count FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  transactions: 'SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = current_database()',
} as const;

/** Makes the server load the extension at its next start. False when the database does not let us. */
export async function askForStatementCounter(database: string): Promise<boolean> {
  return withClient(database, async (client) => {
    try {
      await client.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
      return true;
    } catch {
      return false;
    }
  });
}

/** One counting round per cell, on a Lethe just started anew. */
export async function countStatements(
  bench: Bench,
  lethe: RunningLethe,
  cells: readonly Cell[],
  seconds: number,
): Promise<readonly StatementCount[]> {
  const { database } = lethe;
  if (database === undefined) return [];
  return withClient(database, async (client) => {
    const counted: Counted = (await hasStatementCounter(client)) ? 'statements' : 'transactions';
    const read = async (): Promise<number> => {
      const { rows } = await client.query<{ count: string }>(counters[counted]);
      return Number(rows[0]?.count ?? 0);
    };
    const counts: StatementCount[] = [];
    for (const cell of cells) {
      const quietFrom = await read();
      await sleep(quietMs[counted]);
      const before = await read();
      const { load } = await bench.run(lethe, cell, seconds);
      await sleep(quietMs[counted]);
      const perRequest = ((await read()) - before) / load.completed;
      const idlePerSecond = ((before - quietFrom) / quietMs[counted]) * 1000;
      counts.push({ ...cell, counted, perRequest, idlePerSecond, requests: load.completed });
    }
    return counts;
  });
}

async function hasStatementCounter(client: Client): Promise<boolean> {
  try {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await client.query(counters.statements);
    return true;
  } catch {
    return false;
  }
}

async function withClient<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
