import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import {
  forgetRedisPrefix,
  makeQueueOptions,
  makeWorker,
  openUnitOfWork,
  prepareQueueDatabase,
  randomPrefix,
  RecordingHandler,
  RecordingJob,
  REDIS_URL,
  redisAnswers,
} from '../../../test/harness/queue.js';
import { SystemClock } from '../../kernel/clock.js';
import { PostgresOutbox } from './postgres-outbox.js';

const hasRedis = await redisAnswers();
const harness = (file: string) => fileURLToPath(new URL(`../../../test/harness/${file}`, import.meta.url));

describe('a worker process killed in the middle of its work', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareQueueDatabase(database.url);
  });

  afterAll(() => database.drop());

  it.for([
    { backend: 'postgres', redisUrl: undefined },
    { backend: 'redis', redisUrl: REDIS_URL },
  ])('on $backend: its event and its recurring round are run again by another', async ({ redisUrl }, context) => {
    context.skip(redisUrl !== undefined && !hasRedis, `no Redis answers at ${REDIS_URL}`);
    const { unitOfWork, source } = await openUnitOfWork(database.url);
    const prefix = randomPrefix();
    const settings = JSON.stringify({ url: database.url, redisUrl, prefix });
    const child = spawn(process.execPath, ['--import', harness('queue-worker-hook.mjs'), harness('queue-worker-process.ts'), settings]);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    try {
      await unitOfWork.asSystem((tx) => new PostgresOutbox(new SystemClock()).publish(tx, { topic: 'long.work', payload: { n: 1 } }));
      await vi.waitFor(() => expect(said).toMatch(/(?=[^]*handling)(?=[^]*running)/), { timeout: 15_000 });
    } finally {
      child.kill('SIGKILL');
    }

    const handler = new RecordingHandler('long.work');
    const round = new RecordingJob('long.round', 3_600);
    const options = makeQueueOptions({ postgres: { url: database.url, role: 'lethe_queue' }, prefix, ...(redisUrl ? { redisUrl } : {}) });
    const rescuer = await makeWorker(options, database.url, [handler, round]);
    rescuer.worker.start();
    await vi.waitFor(() => expect([handler.seen, round.rounds]).toEqual([[{ n: 1 }], 1]), { timeout: 10_000 });
    expect(rescuer.lines.join('')).toContain('a job lost its worker');
    await rescuer.stop();
    await source.destroy();
    if (redisUrl) await forgetRedisPrefix(prefix);
  });
});
