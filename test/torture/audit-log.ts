// A thousand audit events a second, with the workers that sequence and sign them killed all the while.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Cluster, until } from '../harness/cluster.ts';
import type { Program } from '../harness/process.ts';
import { startLethe } from '../harness/process.ts';

export interface AuditTortureOptions {
  readonly databaseUrl: string;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Between two kills. */
  readonly everyMs: number;
  readonly say?: (line: string) => void;
}

export interface AuditFigures {
  readonly events: number;
  readonly perSecond: number;
  readonly kills: number;
  readonly checkpoints: number;
  readonly bundles: number;
  /** From the last event to the checkpoint that covers it. */
  readonly lagMs: number;
}

interface Verifier {
  readKey(text: string): unknown;
  verifyBundle(bytes: Uint8Array, keys: readonly unknown[], older?: string): unknown;
}

const WRITERS = 4;
const WORKERS = 2;
const BUNDLE = 500;
const INSERT = `INSERT INTO audit_event (id, expires_on, occurred_at, organisation_id, actor_kind, actor_id, action, target_type, target_id, detail)
  SELECT gen_random_uuid(), (now() AT TIME ZONE 'UTC')::date + 365, now(), $1, 'system', 'torture', 'thing.changed', 'thing', n::text, '{"n":1}'
  FROM generate_series(1, $2) n`;

/** Records at the given rate, in transactions that commit in any order, until the time is over. */
class Writers {
  recorded = 0;
  readonly #pool: pg.Pool;
  readonly #organisations = [randomUUID(), randomUUID(), null];

  constructor(databaseUrl: string) {
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: WRITERS });
  }

  async run(seconds: number, perSecond: number): Promise<void> {
    const began = performance.now();
    const end = began + seconds * 1_000;
    let started = 0;
    const write = async () => {
      while (performance.now() < end) {
        const due = ((performance.now() - began) / 1_000) * perSecond;
        if (started >= due) {
          await sleep(5);
          continue;
        }
        const count = 1 + Math.floor(Math.random() * 40);
        started += count;
        await this.#transaction(count);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
  }

  async #transaction(count: number): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(INSERT, [this.#organisations[Math.floor(Math.random() * 3)], count]);
      // Some stay open for longer than it takes others to begin and end.
      if (Math.random() < 0.1) await sleep(Math.random() * 200);
      const commits = Math.random() > 0.03;
      await client.query(commits ? 'COMMIT' : 'ROLLBACK');
      if (commits) this.recorded += count;
    } finally {
      client.release();
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** Records at a steady rate for the whole time; at its end every event is a leaf, each once, and every bundle of the log verifies. */
export async function logUnderLoad(options: AuditTortureOptions): Promise<AuditFigures> {
  const { say = () => undefined } = options;
  const environment = { LETHE_AUDIT_CHECKPOINT_SECONDS: '1' };
  const cluster = await Cluster.start({ databaseUrl: options.databaseUrl, replicas: 0, deskRoles: 'api', environment });
  const worker = () => startLethe({ ...cluster.environment, LETHE_ROLES: 'worker' });
  const workers: Program[] = await Promise.all(Array.from({ length: WORKERS }, worker));
  const writers = new Writers(options.databaseUrl);
  let kills = 0;
  let over = false;
  const killing = async () => {
    while (!over) {
      await sleep(options.everyMs);
      const index = kills % WORKERS;
      await workers[index]?.kill();
      kills += 1;
      workers[index] = await worker();
      say(`kill ${kills}: ${writers.recorded} events so far`);
    }
  };
  try {
    const began = performance.now();
    const killer = killing();
    await writers.run(options.seconds, options.eventsPerSecond);
    const seconds = (performance.now() - began) / 1_000;
    const ended = performance.now();
    over = true;
    await killer;
    const events = await count(cluster, 'SELECT count(*) AS count FROM audit_event');
    await until('a checkpoint covers every event', 120_000, async () => {
      return events === (await count(cluster, 'SELECT coalesce(max(size), 0) AS count FROM audit_checkpoint'));
    });
    const lagMs = Math.round(performance.now() - ended);
    await assertEachOnce(cluster, events);
    const bundles = await verifyWhole(cluster, events);
    const checkpoints = await count(cluster, 'SELECT count(*) AS count FROM audit_checkpoint');
    return { events, perSecond: Math.round(writers.recorded / seconds), kills, checkpoints, bundles, lagMs };
  } finally {
    over = true;
    await writers.end();
    await Promise.all(workers.map((each) => each.stop()));
    await cluster.stop();
  }
}

async function assertEachOnce(cluster: Cluster, events: number): Promise<void> {
  const [row] = await cluster.rows(
    `SELECT count(*)::int AS places, count(DISTINCT leaf_index)::int AS leaves, min(leaf_index)::int AS first, max(leaf_index)::int AS last,
       count(e.id)::int AS events FROM audit_position p LEFT JOIN audit_event e ON e.id = p.event_id AND e.expires_on = p.expires_on`,
  );
  assert.deepEqual(
    row,
    { places: events, leaves: events, first: 0, last: events - 1, events },
    'every event has one leaf, and no leaf is empty',
  );
  const gaps = await cluster.rows(
    'SELECT organisation_id FROM audit_position GROUP BY organisation_id HAVING max(number) <> count(*) OR count(DISTINCT number) <> count(*)',
  );
  assert.equal(gaps.length, 0, 'the numbers of every organisation are dense');
}

/** Exports the whole log over the API, each part beside the first checkpoint there was, and verifies it with the program that outsiders have. */
async function verifyWhole(cluster: Cluster, events: number): Promise<number> {
  const verifier = (await import(new URL('../../verify/lethe-verify.mjs', import.meta.url).href)) as Verifier;
  const { keys } = await cluster.ask<{ keys: { verifierKey: string }[] }>('GET', '/audit-log/keys');
  const known = keys.map(({ verifierKey }) => verifier.readKey(verifierKey));
  const [oldest] = await cluster.rows<{ size: string; note: string }>('SELECT size, note FROM audit_checkpoint ORDER BY size LIMIT 1');
  let bundles = 0;
  for (let from = 0; from < events; from += BUNDLE) {
    const answer = await fetch(`${cluster.adminAddress}/api/v1/audit-log/bundle?from=${from}&since=${oldest?.size}`, {
      headers: { authorization: `Bearer ${cluster.operatorToken}` },
    });
    verifier.verifyBundle(Buffer.from(await answer.arrayBuffer()), known, oldest?.note);
    bundles += 1;
  }
  return bundles;
}

async function count(cluster: Cluster, sql: string): Promise<number> {
  const [row] = await cluster.rows<{ count: string }>(sql);
  return Number(row?.count);
}
