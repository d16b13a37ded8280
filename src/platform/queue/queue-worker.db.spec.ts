import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CuttableProxy,
  forgetRedisPrefix,
  makeQueueOptions,
  makeWorker,
  openUnitOfWork,
  prepareQueueDatabase,
  randomPrefix,
  RecordingHandler,
  LongJob,
  RecordingJob,
  REDIS_URL,
  redisAnswers,
  type TestWorker,
} from '../../../test/harness/queue.js';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { SystemClock } from '../../kernel/clock.js';
import { kernelErrors } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { PostgresOutbox } from './postgres-outbox.js';
import { openStore } from './queue-store.js';
import type { QueueOptions, QueueTuning } from './queue-options.js';

const SECRET = 'canary-7f3a91-the-prompt-of-a-person';
const outbox = new PostgresOutbox(new SystemClock());
const hasRedis = await redisAnswers();

describe.each([
  { backend: 'postgres', skip: false, remark: '' },
  { backend: 'redis', skip: !hasRedis, remark: hasRedis ? '' : ` (skipped: no Redis answers at ${REDIS_URL})` },
])('QueueWorker on $backend $remark', ({ backend, skip }) => {
  describe.skipIf(skip)('in service', () => {
    let database: TestDatabase;
    let owner: Client;
    let close: () => Promise<unknown>;
    let unitOfWork: Awaited<ReturnType<typeof openUnitOfWork>>['unitOfWork'];
    let prefix: string;
    const workers: TestWorker[] = [];

    beforeAll(async () => {
      database = await createTestDatabase();
      await prepareQueueDatabase(database.url);
      const opened = await openUnitOfWork(database.url);
      unitOfWork = opened.unitOfWork;
      close = () => opened.source.destroy();
      owner = new Client({ connectionString: database.url });
      await owner.connect();
    });

    afterEach(async () => {
      await Promise.all(workers.splice(0).map((each) => each.stop()));
      if (backend === 'redis') await forgetRedisPrefix(prefix);
    });

    afterAll(async () => {
      await close();
      await owner.end();
      await database.drop();
    });

    const options = (tuning: Partial<QueueTuning> = {}, redisUrl = REDIS_URL): QueueOptions =>
      makeQueueOptions({
        postgres: { url: database.url, role: 'lethe_queue' },
        prefix,
        tuning,
        ...(backend === 'redis' ? { redisUrl } : {}),
      });

    async function start(providers: readonly unknown[], given: Partial<QueueTuning> | QueueOptions = {}): Promise<TestWorker> {
      const each = await makeWorker('prefix' in given ? given : options(given), database.url, providers);
      workers.push(each);
      each.worker.start();
      return each;
    }

    async function startFresh(providers: readonly unknown[], tuning: Partial<QueueTuning> = {}): Promise<TestWorker> {
      prefix = randomPrefix();
      const each = await start(providers, tuning);
      await vi.waitFor(() => each.worker.check(), { timeout: 5_000 });
      return each;
    }

    const publish = (topic: string, payload: Record<string, string | number> = {}) =>
      unitOfWork.asSystem((tx) => outbox.publish(tx, { topic, payload }));

    /** Every byte the store holds for this prefix. */
    async function everythingStored(): Promise<string> {
      if (backend === 'postgres') {
        const { rows } = await owner.query('SELECT * FROM bullmq.job');
        const events = await owner.query('SELECT * FROM bullmq.event');
        return JSON.stringify([rows, events.rows]);
      }
      const redis = new Redis(REDIS_URL);
      const keys = await redis.keys(`${prefix}:*`);
      const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
      const hashes = await Promise.all(keys.map(async (key) => ((await redis.type(key)) === 'hash' ? redis.hgetall(key) : '')));
      redis.disconnect();
      return JSON.stringify([keys, hashes]) + Buffer.concat(dumps.map((dump) => dump ?? Buffer.alloc(0))).toString('latin1');
    }

    async function stateOf(): Promise<{ completed: number; failed: number; schedulers: string[] }> {
      const store = openStore(options(), () => undefined);
      const events = store.queue('events');
      const recurring = store.queue('recurring');
      const counts = [await events.getJobCounts('completed', 'failed'), await recurring.getJobCounts('completed', 'failed')];
      const schedulers = (await recurring.getJobSchedulers(0, -1)).map((scheduler) => scheduler.key);
      await Promise.all([events.close(), recurring.close()]);
      await store.close();
      const sum = (state: string) => counts.reduce((total, each) => total + (each[state] ?? 0), 0);
      return { completed: sum('completed'), failed: sum('failed'), schedulers: schedulers.sort() };
    }

    it('brings a committed event to its handler, with its payload and well within the poll interval', async () => {
      const handler = new RecordingHandler('thing.happened');
      await startFresh([handler], { pollMs: 60_000 });
      const before = performance.now();
      const id = newId();
      await publish('thing.happened', { id });
      await vi.waitFor(() => expect(handler.seen).toEqual([{ id }]), { timeout: 5_000, interval: 5 });
      expect(performance.now() - before).toBeLessThan(2_000);
    });

    it('works each of many events once, however many workers share them', async () => {
      const handlers = [new RecordingHandler('thing.happened'), new RecordingHandler('thing.happened')];
      await startFresh([handlers[0]]);
      await start([handlers[1]]);
      await Promise.all(Array.from({ length: 40 }, (_, n) => publish('thing.happened', { n })));
      const seen = () => handlers.flatMap((handler) => handler.seen.map((payload) => payload['n']));
      await vi.waitFor(() => expect(seen()).toHaveLength(40), { timeout: 10_000 });
      await sleep(300);
      expect(new Set(seen()).size).toBe(40);
      expect(seen()).toHaveLength(40);
    });

    it('recognises an event that a dead relay had already handed over', async () => {
      const handler = new RecordingHandler('thing.happened');
      await startFresh([handler]);
      const id = newId();
      const insert = () => owner.query("INSERT INTO outbox_event VALUES ($1, 'thing.happened', '{}', now(), NULL)", [id]);
      await insert();
      await vi.waitFor(() => expect(handler.seen).toHaveLength(1), { timeout: 5_000 });
      await vi.waitFor(async () => expect((await owner.query('SELECT FROM outbox_event')).rowCount).toBe(0));
      await insert();
      await vi.waitFor(async () => expect((await owner.query('SELECT FROM outbox_event')).rowCount).toBe(0), { timeout: 5_000 });
      await sleep(300);
      expect(handler.seen).toHaveLength(1);
    });

    it('peers 29, C1: tries a failing event again, then counts it dead, and stores of the failure a code only', async () => {
      const handler = new RecordingHandler('thing.happened', () => {
        throw kernelErrors.conflict({ message: SECRET, details: { SECRET }, cause: new Error(SECRET) });
      });
      const { outcomes, lines } = await startFresh([handler]);
      await publish('thing.happened');
      await vi.waitFor(() => expect(outcomes.at(-1)).toEqual(['thing.happened', 'dead']), { timeout: 10_000 });
      expect(outcomes.filter(([job]) => job === 'thing.happened').map(([, outcome]) => outcome)).toEqual(['failed', 'failed', 'dead']);
      await vi.waitFor(async () => expect((await stateOf()).failed).toBe(1));
      const stored = await everythingStored();
      expect(stored).toContain('lethe/conflict');
      expect(stored).not.toContain(SECRET);
      expect(lines.join('')).toContain('for the last time');
      expect(lines.join('')).not.toContain(SECRET);
    });

    it('lets an event with an unknown topic fail loudly instead of dropping it', async () => {
      const { outcomes, lines } = await startFresh([]);
      await publish('nobody.cares');
      await vi.waitFor(() => expect(outcomes.at(-1)).toEqual(['unknown', 'dead']), { timeout: 10_000 });
      expect(lines.join('')).toContain('queue/unknown_job');
      await vi.waitFor(async () => expect((await stateOf()).failed).toBe(1));
    });

    it('runs each round of a recurring job once, on one of the workers', async () => {
      const jobs = [new RecordingJob('every.second', 1), new RecordingJob('every.second', 1)];
      await startFresh([jobs[0]]);
      await start([jobs[1]]);
      await sleep(2_300);
      const rounds = jobs.reduce((sum, job) => sum + job.rounds, 0);
      expect(rounds).toBeGreaterThanOrEqual(2);
      expect(rounds).toBeLessThanOrEqual(4);
    });

    it('skips a round while the one before it still runs, on whichever worker', async () => {
      let atOnce = 0;
      let most = 0;
      const slow = async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await sleep(1_400);
        atOnce -= 1;
      };
      const first = await startFresh([new RecordingJob('slow', 1, slow)]);
      const second = await start([new RecordingJob('slow', 1, slow)]);
      const outcomes = () => [...first.outcomes, ...second.outcomes].filter(([job]) => job === 'slow').map(([, outcome]) => outcome);
      await vi.waitFor(() => expect(outcomes()).toEqual(expect.arrayContaining(['skipped', 'completed'])), { timeout: 8_000 });
      expect(most).toBe(1);
    });

    it('lets a job of seconds go on while long ones take every worker they have', async () => {
      const long = [1, 2, 3].map((each) => new LongJob(`long-${each}`, 1, (signal) => once(signal, 'abort').then(() => undefined)));
      const quick = new RecordingJob('quick', 1);
      await startFresh([...long, quick], { concurrency: 1, longConcurrency: 2 });
      await vi.waitFor(() => expect(quick.rounds).toBeGreaterThanOrEqual(2), { timeout: 8_000 });
      expect(long.filter(({ rounds }) => rounds > 0)).toHaveLength(2);
    });

    it('goes on with the next round after one has failed', async () => {
      let rounds = 0;
      const job = new RecordingJob('sometimes', 1, () => ((rounds += 1) === 1 ? Promise.reject(new Error(SECRET)) : Promise.resolve()));
      const { outcomes } = await startFresh([job]);
      const of = () => outcomes.filter(([name]) => name === 'sometimes').map(([, outcome]) => outcome);
      await vi.waitFor(() => expect(of().slice(0, 2)).toEqual(['failed', 'completed']), { timeout: 8_000 });
      expect(await everythingStored()).not.toContain(SECRET);
    });

    it('forgets the schedule of a job the code no longer has, and keeps the time of one it has', async () => {
      const yearly = () => new RecordingJob('once.a.year', 31_536_000);
      const first = await startFresh([new RecordingJob('old', 3_600), yearly()], { scheduleCheckMs: 50 });
      await sleep(300);
      await first.worker.stop();
      const job = yearly();
      const second = await start([job], options({ scheduleCheckMs: 50 }));
      await vi.waitFor(() => second.worker.check(), { timeout: 5_000 });
      expect((await stateOf()).schedulers).toEqual(['once.a.year']);
      await sleep(300);
      expect(job.rounds).toBe(0);
    });

    it('a shutdown asks running jobs to stop, gives them back, and another worker runs them again', async () => {
      const untilAborted = (signal: AbortSignal) =>
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut short'))));
      const interrupted = new RecordingHandler('long.work', untilAborted);
      const round = new RecordingJob('long.round', 3_600, (signal) => untilAborted(signal).catch(() => undefined));
      const first = await startFresh([interrupted, round]);
      await publish('long.work');
      await vi.waitFor(() => expect([interrupted.seen.length, round.rounds]).toEqual([1, 1]), { timeout: 5_000 });
      await first.worker.stop();
      expect(first.outcomes).toEqual(
        expect.arrayContaining([
          ['long.work', 'given_back'],
          ['long.round', 'given_back'],
        ]),
      );
      const again = [new RecordingHandler('long.work'), new RecordingJob('long.round', 3_600)] as const;
      const second = await start(again);
      await vi.waitFor(
        () =>
          expect(second.outcomes).toEqual(
            expect.arrayContaining([
              ['long.work', 'completed'],
              ['long.round', 'completed'],
            ]),
          ),
        { timeout: 5_000 },
      );
    });

    it('a shutdown waits no longer than it may for a job that will not stop', async () => {
      const stubborn = new RecordingHandler('long.work', () => sleep(4_000));
      const first = await startFresh([stubborn], { shutdownMs: 300 });
      await publish('long.work');
      await vi.waitFor(() => expect(stubborn.seen).toHaveLength(1), { timeout: 5_000 });
      const before = performance.now();
      await first.worker.stop();
      expect(performance.now() - before).toBeLessThan(2_000);
    });

    it('peers 29: a sweep removes finished jobs by age although no other job ends', async () => {
      const handler = new RecordingHandler('thing.happened');
      const failing = new RecordingHandler('thing.failed', () => Promise.reject(new Error(SECRET)));
      const { worker, outcomes } = await startFresh([handler, failing], {
        attempts: 1,
        keepCompleted: { age: 1, count: 100 },
        keepFailed: { age: 1, count: 100 },
      });
      await publish('thing.happened');
      await publish('thing.failed');
      await vi.waitFor(() => expect(outcomes.filter(([job]) => job.startsWith('thing'))).toHaveLength(2), { timeout: 5_000 });
      await vi.waitFor(async () => expect(await stateOf()).toMatchObject({ failed: 1 }));
      await sleep(1_200);
      expect(await worker.finished.oldest()).toMatchObject({ keptMs: 1_000, ageMs: expect.toSatisfy((ms: number) => ms > 1_000) });
      expect(await worker.finished.count()).toBe(2);
      const names: string[] = [];
      for await (const batch of worker.finished.due()) {
        names.push(...batch.names);
        await batch.remove();
      }
      await worker.forgetEvents();
      expect(names).toHaveLength(2);
      expect(await worker.finished.oldest()).toBeNull();
      expect(await stateOf()).toMatchObject({ completed: 0, failed: 0 });
      expect(await everythingStored()).not.toContain('thing.failed');
    });

    it('peers 25: starts without its store, says so, and goes to work when the store comes; the same after it was lost', async () => {
      prefix = randomPrefix();
      const target = backend === 'redis' ? new URL(REDIS_URL) : undefined;
      const proxy = new CuttableProxy(target ? { host: target.hostname, port: Number(target.port) } : socketOf(database.url));
      const port = await proxy.open();
      await proxy.cut();
      const secret = 'hunter2';
      const redisUrl = `redis://127.0.0.1:${port}`;
      const postgres = { url: `postgresql://${userOf(database.url)}:${secret}@127.0.0.1:${port}/${database.name}`, role: 'lethe_queue' };
      const given = backend === 'redis' ? options({}, redisUrl) : { ...options(), postgres };
      const handler = new RecordingHandler('thing.happened');
      const each = await start([handler], given);
      await publish('thing.happened', { n: 1 });
      await sleep(400);
      await expect(each.worker.check()).rejects.toMatchObject({ code: 'lethe/unavailable' });
      await proxy.open();
      await vi.waitFor(() => each.worker.check(), { timeout: 6_000 });
      await vi.waitFor(() => expect(handler.seen).toHaveLength(1), { timeout: 6_000 });
      const said = (sentence: string) => each.lines.filter((line) => line.includes(sentence)).length;
      await vi.waitFor(() => expect(said('the queue works again')).toBe(1), { timeout: 4_000 });
      await proxy.cut();
      await expect(each.worker.check()).rejects.toMatchObject({ code: 'lethe/unavailable' });
      await publish('thing.happened', { n: 2 });
      await sleep(1_500);
      // Once for each outage, however many connections and polls notice it and however long it lasts.
      expect(said('trouble with the queue')).toBe(2);
      expect(said('the queue works again')).toBe(1);
      await proxy.open();
      await vi.waitFor(() => expect(handler.seen).toHaveLength(2), { timeout: 8_000 });
      await vi.waitFor(() => expect(said('the queue works again')).toBe(2), { timeout: 4_000 });
      expect(each.lines.length).toBeLessThan(20);
      expect(each.lines.join('')).not.toContain(secret);
      await each.stop();
      workers.splice(workers.indexOf(each), 1);
      await proxy.cut();
    });
  });
});

function socketOf(url: string): { host: string; port: number } | { path: string } {
  const { hostname, port, searchParams } = new URL(url.replace('@/', '@localhost/'));
  const directory = searchParams.get('host');
  return directory
    ? { path: `${directory}/.s.PGSQL.${searchParams.get('port') ?? (port || '5432')}` }
    : { host: hostname, port: Number(port || 5432) };
}

function userOf(url: string): string {
  return /^postgres(?:ql)?:\/\/([^:@/]+)/.exec(url)?.[1] ?? 'postgres';
}
