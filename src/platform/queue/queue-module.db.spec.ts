import { Global, Module, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import {
  openUnitOfWork,
  prepareQueueDatabase,
  queueContracts,
  randomPrefix,
  RecordingHandler,
  RecordingJob,
} from '../../../test/harness/queue.js';
import { Clock, SystemClock } from '../../kernel/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Log } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { QueueHealth } from './queue-health.js';
import { queueTables } from './queue.inventory.js';
import { QueueModule } from './queue.module.js';

let database: TestDatabase;
let unitOfWork: UnitOfWork;
let close: () => Promise<void>;

beforeAll(async () => {
  database = await createTestDatabase();
  await prepareQueueDatabase(database.url);
  const opened = await openUnitOfWork(database.url);
  unitOfWork = opened.unitOfWork;
  close = () => opened.source.destroy();
});

afterAll(async () => {
  await close();
  await database.drop();
});

function application(worker: boolean, providers: Provider[]) {
  const clock = new SystemClock();
  const around: Provider[] = [
    { provide: UnitOfWork, useFactory: () => unitOfWork },
    { provide: Clock, useValue: clock },
    { provide: Log, useValue: Log.open({ level: 'silent' }) },
    { provide: Metrics, useValue: new Metrics({ clock, processMetrics: false }) },
  ];

  @Global()
  @Module({ providers: around, exports: [UnitOfWork, Clock, Log, Metrics] })
  class Platform {}

  const postgres = { url: database.url, role: 'lethe_queue' };
  const queue = QueueModule.forRoot({ postgres, prefix: randomPrefix(), worker, contracts: queueContracts });
  return Test.createTestingModule({ imports: [Platform, queue], providers }).compile();
}

describe('QueueModule', () => {
  it('finds handlers wherever they are provided, and works from publish to handler', async () => {
    const handler = new RecordingHandler('thing.happened');
    const app = await application(true, [
      { provide: 'handler', useValue: handler },
      { provide: 'the same again', useExisting: 'handler' },
      { provide: 'job', useValue: new RecordingJob('daily', 86_400) },
    ]);
    await app.init();
    await vi.waitFor(() => app.get(QueueHealth).check(), { timeout: 5_000 });
    await unitOfWork.asSystem((tx) => app.get(queueContracts.outbox).publish(tx, { topic: 'thing.happened', payload: { n: 1 } }));
    await vi.waitFor(() => expect(handler.seen).toEqual([{ n: 1 }]), { timeout: 5_000 });
    await app.close();
  });

  it.each([
    ['a topic with two handlers', () => [new RecordingHandler('twice'), new RecordingHandler('twice')]],
    ['two recurring jobs with one name', () => [new RecordingJob('twice', 60), new RecordingJob('twice', 60)]],
    ['a job that would run every zero seconds', () => [new RecordingJob('never', 0)]],
    ['a name the store could not hold', () => [new RecordingHandler('a:b')]],
  ])('refuses to start with %s, in any role', async (_, make) => {
    const providers = make().map((value, index) => ({ provide: `it ${index}`, useValue: value }));
    const app = await application(false, providers);
    await expect(app.init()).rejects.toThrow('invariant broken');
  });

  it('opens no connection in a process that only publishes', async () => {
    const owner = new Client({ connectionString: database.url });
    await owner.connect();
    const app = await application(false, []);
    await app.init();
    await app.get(QueueHealth).check();
    const { rows } = await owner.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'lethe-queue%' AND datname = current_database()",
    );
    expect(rows[0]?.n).toBe(0);
    await app.close();
    await owner.end();
  });
});

describe('queueTables', () => {
  it('D1: declares every column of every table the queue owns, and none besides', async () => {
    const owner = new Client({ connectionString: database.url });
    await owner.connect();
    const { rows } = await owner.query<{ name: string; columns: string[] }>(`
      SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name AS name, array_agg(column_name::text) AS columns
      FROM information_schema.columns WHERE table_schema = 'bullmq' OR table_name = 'outbox_event' GROUP BY table_schema, table_name`);
    await owner.end();
    const declared = queueTables.map(({ table, columns }) => [table, Object.keys(columns).sort()]);
    expect(Object.fromEntries(declared)).toEqual(Object.fromEntries(rows.map(({ name, columns }) => [name, columns.sort()])));
  });
});
