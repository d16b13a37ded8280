import 'reflect-metadata';
import { makeQueueOptions, makeWorker, RecordingHandler, RecordingJob } from './queue.js';

// A worker in a process of its own, to be killed: its handler and its recurring job say when they begin and never end.
const { url = '', redisUrl, prefix = '' } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string | undefined>;
const announce = (what: string) => () => {
  process.stdout.write(`${what}\n`);
  return new Promise<void>(() => undefined);
};
const options = makeQueueOptions({ postgres: { url, role: 'lethe_queue' }, prefix, ...(redisUrl ? { redisUrl } : {}) });
const { worker } = await makeWorker(options, url, [
  new RecordingHandler('long.work', announce('handling')),
  new RecordingJob('long.round', 3_600, announce('running')),
]);
worker.start();
