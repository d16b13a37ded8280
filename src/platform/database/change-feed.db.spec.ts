import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type OwnPostgres, startOwnPostgres, type TestDatabase } from '../../../test/harness/postgres.js';
import { Log } from '../telemetry/logger.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from './change-feed.js';
import { sessionAs } from './roles.js';

const feeds: ChangeFeed[] = [];
let wholeReads = 0;

/** Writes down what it is told. */
class Recorder implements ChangeSubscriber {
  readonly heard: Change[] = [];
  resyncs = 0;
  failures = 0;

  constructor(
    readonly tables: readonly string[],
    private readonly work: () => Promise<void> = () => Promise.resolve(),
  ) {}

  async onChange(change: Change): Promise<void> {
    await this.work();
    this.heard.push(change);
  }

  async onResync(): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database left again');
    }
    this.resyncs += 1;
  }
}

function feedOn(url: string, ...subscribers: ChangeSubscriber[]): ChangeFeed {
  const { options } = sessionAs('lethe_system', { statementMs: 2_000, connectMs: 2_000 });
  const feed = new ChangeFeed({ connectionString: url, options }, Log.open({ level: 'silent' }), () => void (wholeReads += 1));
  for (const subscriber of subscribers) feed.subscribe(subscriber);
  feeds.push(feed);
  return feed;
}

afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.stop();
});

describe('the change feed', () => {
  let database: TestDatabase;
  let owner: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    // A connection may outlive the end of its pool until the database is dropped under it.
    owner.on('error', () => undefined);
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  const notify = (payload: string) => owner.query(`SELECT pg_notify('lethe_changes', $1)`, [payload]);
  const terminate = () =>
    owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lethe-changes' AND datname = current_database()`,
    );

  it('has everything read once before it says it has started', async () => {
    const recorder = new Recorder(['budget']);
    const feed = feedOn(database.url, recorder);
    expect(feed.connected).toBe(false);
    await feed.start();
    expect([feed.connected, recorder.resyncs]).toEqual([true, 1]);
  });

  it('does not start without a database', async () => {
    await expect(feedOn('postgresql://nobody@127.0.0.1:1/none', new Recorder([])).start()).rejects.toThrow();
  });

  it('K4: a change reaches every replica well within a second of its commit, and only once it is committed', async () => {
    const replicas = [new Recorder(['price_override']), new Recorder(['price_override'])];
    for (const replica of replicas) await feedOn(database.url, replica).start();
    const client = await owner.connect();
    await client.query('BEGIN');
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO price_override VALUES (gen_random_uuid(), NULL, 'm', 1, NULL, 1, 0, now(), now()) RETURNING id`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(replicas.map((replica) => replica.heard)).toEqual([[], []]);
    const began = performance.now();
    await client.query('COMMIT');
    const change = { table: 'price_override', id: rows[0]?.id };
    await vi.waitFor(() => expect(replicas.map((replica) => replica.heard)).toEqual([[change], [change]]), { interval: 5 });
    expect(performance.now() - began).toBeLessThan(500);
    client.release();
  });

  it('tells a subscriber of its own tables only, in order and one at a time', async () => {
    let atOnce = 0;
    let most = 0;
    const recorder = new Recorder(['budget'], async () => {
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
      atOnce -= 1;
    });
    await feedOn(database.url, recorder).start();
    for (let n = 0; n < 20; n += 1) await notify(`${n % 2 ? 'budget' : 'route'}:${n}`);
    await vi.waitFor(() =>
      expect(recorder.heard.map((change) => change.id)).toEqual(['1', '3', '5', '7', '9', '11', '13', '15', '17', '19']),
    );
    expect(most).toBe(1);
  });

  it('K4: a connection that is killed is made again and everything is re-read, so nothing missed stays missed', async () => {
    const recorder = new Recorder(['budget']);
    const feed = feedOn(database.url, recorder);
    await feed.start();
    await terminate();
    await vi.waitFor(() => expect(feed.connected).toBe(false), { interval: 5 });
    await notify('budget:missed');
    await vi.waitFor(() => expect([feed.connected, recorder.resyncs]).toEqual([true, 2]), { timeout: 3_000 });
    await notify('budget:heard');
    await vi.waitFor(() => expect(recorder.heard).toEqual([{ table: 'budget', id: 'heard' }]));
  });

  it('a re-read that fails is made again until it succeeds, and only then said to be done', async () => {
    const recorder = new Recorder(['budget']);
    const feed = feedOn(database.url, recorder, new Recorder([]));
    const before = wholeReads;
    await feed.start();
    recorder.failures = 2;
    await terminate();
    await vi.waitFor(() => expect(recorder.resyncs).toBe(2), { timeout: 5_000 });
    expect(feed.connected).toBe(true);
    await vi.waitFor(() => expect(wholeReads - before).toBe(2));
  });

  it('a change that cannot be re-read is made good by a full re-read', async () => {
    const recorder = new Recorder(['budget'], () => Promise.reject(new Error('the database left')));
    await feedOn(database.url, recorder).start();
    await notify('budget:1');
    await vi.waitFor(() => expect(recorder.resyncs).toBe(2), { timeout: 5_000 });
  });

  it('leaves no connection behind when it stops, also one that was being made', async () => {
    const feed = feedOn(database.url, new Recorder([]));
    await feed.start();
    await terminate();
    await feed.stop();
    await vi.waitFor(async () => {
      const { rowCount } = await owner.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'lethe-changes' AND datname = current_database()`,
      );
      expect(rowCount).toBe(0);
    });
  });
});

describe('a server that hangs', () => {
  let server: OwnPostgres;

  beforeAll(async () => {
    server = await startOwnPostgres();
  });

  afterAll(() => server.destroy());

  it('is noticed within two pings although its connections stay open, and does not hold up a stop', async () => {
    const recorder = new Recorder([]);
    const feed = new ChangeFeed({ connectionString: server.url() }, Log.open({ level: 'silent' }));
    feed.subscribe(recorder);
    await feed.start();
    server.pause();
    try {
      await vi.waitFor(() => expect(feed.connected).toBe(false), { timeout: 4_500, interval: 20 });
      server.resume();
      await vi.waitFor(() => expect([feed.connected, recorder.resyncs]).toEqual([true, 2]), { timeout: 6_000 });
      server.pause();
      const began = performance.now();
      await feed.stop();
      expect(performance.now() - began).toBeLessThan(500);
    } finally {
      server.resume();
    }
  });
});
