import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MailServer, type MailServerOptions, startMailServer } from '../../../../test/harness/mail.js';
import { mailIsOut } from '../../../../test/harness/mailbox.js';
import { NotificationsApp } from '../../../../test/harness/notifications.js';
import {
  forgetRedisPrefix,
  makeQueueOptions,
  makeWorker,
  prepareQueueDatabase,
  randomPrefix,
  REDIS_URL,
  redisAnswers,
  type TestWorker,
} from '../../../../test/harness/queue.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { QueueOptions } from '../../../platform/queue/queue-options.js';
import { Mailer } from '../notifications.contract.js';
import { SendMailJob } from './send-mail.job.js';

const hasRedis = await redisAnswers();
const behaviour: { onMail?: MailServerOptions['onMail'] } = {};

let server: MailServer;
let app: NotificationsApp;

beforeAll(async () => {
  server = await startMailServer({ onMail: (mail) => behaviour.onMail?.(mail) });
  app = await NotificationsApp.start({ settings: { smtpUrl: server.url, mailFrom: 'a@gateway.example' } });
  await prepareQueueDatabase(app.inner.database.url);
});

afterAll(async () => {
  await app?.stop();
  await server?.close();
});

describe.each([
  { backend: 'postgres', skip: false, remark: '' },
  { backend: 'redis', skip: !hasRedis, remark: hasRedis ? '' : ` (skipped: no Redis answers at ${REDIS_URL})` },
])('sending mail by a queue on $backend $remark', ({ backend, skip }) => {
  const prefix = randomPrefix();
  const workers: TestWorker[] = [];

  afterEach(async () => {
    delete behaviour.onMail;
    await Promise.all(workers.splice(0).map((each) => each.stop()));
  });

  afterAll(() => (backend === 'redis' && !skip ? forgetRedisPrefix(prefix) : undefined));

  async function startWorker(): Promise<TestWorker> {
    const { url } = app.inner.database;
    const redis: Pick<QueueOptions, 'redisUrl'> = backend === 'redis' ? { redisUrl: REDIS_URL } : {};
    const options = makeQueueOptions({ postgres: { url, role: 'lethe_queue' }, prefix, ...redis });
    const worker = await makeWorker(options, url, [app.inner.get(SendMailJob)]);
    workers.push(worker);
    worker.worker.start();
    return worker;
  }

  const queue = (email: string) =>
    app.inner
      .get(UnitOfWork)
      .asSystem((tx) =>
        app.inner
          .get(Mailer)
          .send(tx, 'sign_in_link', { accountId: null, email, locale: 'en' }, { link: 'https://gateway.example/l', minutes: 15 }),
      );

  it.skipIf(skip)('loses nothing when every process dies between the commit and the sending', async () => {
    const email = `crash-${backend}@reader.example`;
    await queue(email);
    // Nobody was there to relay or to send. Whoever starts next finds it.
    await startWorker();
    await server.next(email);
    await mailIsOut(app);
  });

  it.skipIf(skip)(
    'tries again by itself what the server did not take, and what a stopping worker gave back, with one Message-ID',
    async () => {
      const email = `again-${backend}@reader.example`;
      const seen: string[] = [];
      const started: TestWorker[] = [];
      behaviour.onMail = async (mail) => {
        seen.push(mail.messageId);
        if (seen.length === 1) return 451;
        if (seen.length > 2) return undefined;
        // In the middle of the second try its worker has to stop.
        void started[0]?.stop();
        workers.length = 0;
        await startWorker();
        return 451;
      };
      await queue(email);
      started.push(await startWorker());
      await server.next(email);
      expect(seen.length).toBeGreaterThanOrEqual(3);
      expect(new Set(seen).size).toBe(1);
      await mailIsOut(app);
    },
  );
});
