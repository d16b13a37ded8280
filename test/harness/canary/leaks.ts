// A word in every store, put there past Lethe: one that is not found there would not be found if Lethe had put it there (C1).
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import type { CanaryInstance } from '../../../src/cli/canary/instance/canary-instance.ts';
import type { CanaryBook } from '../../../src/cli/canary/scan/canary-book.ts';
import type { Log } from '../../../src/platform/telemetry/logger.ts';

/** Never kept under the plan `terse` of the brief profile. */
export const LEAKED = 'prompt (terse)';

/** The stores of an installation without Redis in which {@link leak} leaves its word. */
export const LEAKY_STORES = [
  'archived WAL',
  'data folder',
  'heap',
  'index',
  'log',
  'sent mail',
  'server log',
  'statistics',
  'tables, read as rows',
  'TOAST',
  'traces',
];
export const LEAKY_REDIS = ['Redis dump and log', 'Redis keys'];

/** Writes a word in the form each store would have it in. `log` is the log of the installation. */
export async function leak(instance: CanaryInstance, book: CanaryBook, log: Log): Promise<void> {
  const word = book.word(LEAKED);
  await instance.rows('CREATE TABLE leak (words text)');
  await instance.rows('CREATE INDEX leaked ON leak (left(words, 100))');
  // As it is, compressed in its row, and too large for it.
  const texts = [word, `${'so it goes '.repeat(400)}${word}`, `${randomBytes(6000).toString('base64')}${word}`];
  for (const text of texts) await instance.rows('INSERT INTO leak VALUES ($1)', [text]);
  await instance.rows(`DO $$ BEGIN RAISE LOG '${word}'; END $$`);
  writeFileSync(join(instance.dataDirectory, 'leak.gz'), gzipSync(`${'so it goes '.repeat(400)}${word}`));
  mkdirSync(join(instance.dataDirectory, 'outbox-mail'), { recursive: true });
  writeFileSync(join(instance.dataDirectory, 'outbox-mail', 'leak.txt'), Buffer.from(`so it goes ${word}`).toString('base64'));
  log.info(word as 'a constant');
  await fetch(`${instance.world.url}/v1/traces`, { method: 'POST', body: encodeURIComponent(word) });
  const { redisUrl } = instance.lethe.settings;
  if (redisUrl !== undefined) {
    const client = new Redis(redisUrl);
    await client.set('leak', word);
    await client.quit();
  }
}
