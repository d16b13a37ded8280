// Erasures that a restored database has to do again before anything is served, and starts on it that are killed while they do.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { utcDayAfter } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import type { BackupParts } from './backup-parts.js';
import { withDatabase } from './backups.js';
import { startLethe } from './process.ts';
import { startKilledAt, type StatementStop } from './statement-stop.ts';

/** Of the content keys an installation had when its backup was taken. */
export const KEYS = 5;
const DAYS = 30;

/** Organisations, each with a content key. */
export async function addKeys(url: string): Promise<void> {
  await withDatabase(url, async (client) => {
    for (let number = 0; number < KEYS; number += 1) {
      const organisation = newId();
      await client.query(`INSERT INTO organisation VALUES ($1, $2, 'Acme', 'customer', 'active', now(), now())`, [
        organisation,
        `k-${number}`,
      ]);
      await client.query(
        `INSERT INTO content_key (id, organisation_id, version, kms_key_id, wrapped_key, created_at) VALUES ($1, $2, 1, 'local:none', '\\x00', now())`,
        [newId(), organisation],
      );
    }
  });
}

/** Destroys all of them after the backup, and has that copied to the blob store. */
export async function destroyKeys({ log, copies }: BackupParts): Promise<void> {
  const keys = await log.rows<{ id: string }>('SELECT organisation_id AS id FROM content_key WHERE destroyed_at IS NULL');
  const erasures = new ErasuresRepository();
  for (const { id: subjectId } of keys) {
    const recordedAt = new Date();
    const expiresOn = utcDayAfter(recordedAt.getTime(), DAYS);
    const record = { id: newId(), expiresOn, kind: 'content_key.destroyed', subjectId, detail: { version: 1 }, recordedAt };
    await log.unitOfWork.asSystem((tx) => erasures.append(tx, record));
  }
  await log.rows(`UPDATE content_key SET destroyed_at = now(), wrapped_key = NULL, kms_key_id = NULL WHERE destroyed_at IS NULL`);
  await copies.run();
}

/** What `lethe start` on a restored database needs, beside the folder of {@link BackupParts}. */
function environmentOf(url: string, directory: string): Record<string, string> {
  return {
    DATABASE_URL: url,
    LETHE_PORT: '0',
    LETHE_DATA_DIR: join(directory, 'served'),
    LETHE_BLOB_DIR: join(directory, 'blobs'),
    LETHE_ROOT_KEY_FILE: join(directory, 'root-key.json'),
  };
}

/** Starts on a restored database and kills that while it puts the database right. Answers whether anything is left to do. */
export async function replayKilledAt(stop: Omit<StatementStop, 'from'>, url: string, directory: string): Promise<boolean> {
  const { stopped, said } = await startKilledAt({ from: 'replay_due', ...stop }, environmentOf(url, directory));
  assert.ok(stopped, said);
  const { due, done, destroyed } = await replayed(url);
  assert.equal(destroyed, done, 'an erasure is on record and not done, or done and not on record');
  if (!due) assert.equal(done, KEYS);
  else assert.doesNotMatch(said, /Lethe listens/, 'something was served before the erasures were done again');
  return due;
}

/** A start that is left alone serves, and everything has been done once. */
export async function assertReplayed(url: string, directory: string): Promise<void> {
  const lethe = await startLethe(environmentOf(url, directory));
  try {
    assert.deepEqual(await replayed(url), { due: false, done: KEYS, destroyed: KEYS, told: 1 });
  } finally {
    await lethe.stop();
  }
}

function replayed(url: string): Promise<{ due: boolean; done: number; destroyed: number; told: number }> {
  return withDatabase(url, async (client) => {
    const { rows } = await client.query<{ due: boolean; done: number; destroyed: number; told: number }>(
      `SELECT (SELECT replay_due FROM installation) AS due, (SELECT count(*)::int FROM erasure WHERE kind = 'content_key.destroyed') AS done,
         (SELECT count(*)::int FROM content_key WHERE destroyed_at IS NOT NULL AND wrapped_key IS NULL) AS destroyed,
         (SELECT count(*)::int FROM audit_event WHERE action = 'backup.restored') AS told`,
    );
    const [row] = rows;
    assert.ok(row);
    return row;
  });
}
