import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backupParts, type BackupParts } from '../../../../../test/harness/backup-parts.js';
import { rowsOf, schemaOf } from '../../../../../test/harness/backups.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { startLetheInVain } from '../../../../../test/harness/process.js';
import { addKeys, assertReplayed, destroyKeys, replayKilledAt } from '../../../../../test/harness/replayed-erasures.js';
import { killedAtStatement, type StatementStop } from '../../../../../test/harness/statement-stop.js';
import type { TakenBackup } from '../take-backup.js';
import { isRestoreUnfinished } from './unfinished-restore.js';

/** `npm run torture -- backups` kills all along. Databases are made and filled again and again, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const ACTOR = { kind: 'system', id: 'test' } as const;
const harness = (file: string) => fileURLToPath(new URL(`../../../../../test/harness/${file}`, import.meta.url));

let database: TestDatabase;
let target: TestDatabase;
let house: BackupParts;
let backup: TakenBackup;

beforeAll(async () => {
  [database, target] = [await createTestDatabase(), await createTestDatabase()];
  house = await backupParts(database.url, mkdtempSync(join(tmpdir(), 'lethe-restore-')));
  await addKeys(database.url);
  await house.log.record(null, 40);
  backup = await house.take.run('data', ACTOR);
  await house.take.run('keys', ACTOR);
  await destroyKeys(house);
});

afterAll(async () => {
  await house?.log.close();
  await database?.drop();
  await target?.drop();
  rmSync(house.log.directory, { recursive: true, force: true });
});

async function killedAt(stop: StatementStop): Promise<boolean> {
  const { directory } = house.log;
  const settings = JSON.stringify({ url: database.url, directory, stopsAt: 0, restores: backup.id, into: target.url });
  const killed = await killedAtStatement(stop, ['--import', harness('queue-worker-hook.mjs'), harness('backup-process.ts'), settings]);
  // The server may still be at what was sent last.
  await sleep(200);
  return killed.stopped;
}

/** Along a restore, in its order. Objects are read in the middle of a COPY, where others kill (`backups-killed`). */
const MOMENTS: readonly (readonly [string, StatementStop])[] = [
  ['when it has condemned the database', { like: 'INSERT INTO lethe_restore.unfinished', nth: 1, moment: 'within' }],
  ['between two migrations that are taken back', { like: 'DELETE FROM "schema_migration"', nth: 12 }],
  ['between two migrations that are made again', { like: 'INSERT INTO "schema_migration"', nth: 12, moment: 'within' }],
  ['when a table is unguarded', { like: 'DISABLE TRIGGER', nth: 9, moment: 'within' }],
  ['before the rows of a table', { from: 'DISABLE TRIGGER', like: 'COPY ', nth: 20 }],
  ['between two tables', { from: 'DISABLE TRIGGER', like: 'COMMIT', nth: 25, moment: 'within' }],
  ['between the tables and the keys', { like: 'CREATE TEMP TABLE restored', nth: 1 }],
  ['when the keys are put in', { like: 'FROM restored r', nth: 1, moment: 'within' }],
  ['when all rows are there', { like: 'UPDATE installation SET restored_backup', nth: 1 }],
  ['before its last commit', { from: 'DROP SCHEMA lethe_restore', like: 'COMMIT', nth: 1 }],
];

describe('D4: a restore that is killed', () => {
  it('before it has changed anything leaves the database as it was', async () => {
    const untouched = await rowsOf(target.url);
    expect(await killedAt({ like: 'CREATE SCHEMA IF NOT EXISTS lethe_restore', nth: 1 })).toBe(true);
    expect(await isRestoreUnfinished(target.url)).toBe(false);
    expect(await rowsOf(target.url)).toEqual(untouched);
  });

  it.each(MOMENTS)('%s leaves a database that nothing starts on', async (_moment, stop) => {
    expect(await killedAt(stop)).toBe(true);
    expect(await isRestoreUnfinished(target.url)).toBe(true);
  });

  it('says so to whoever starts, and comes to its end when it is run again', async () => {
    const { code, output } = await startLetheInVain({ DATABASE_URL: target.url, LETHE_PORT: '0', LETHE_DATA_DIR: house.log.directory });
    expect([code === 0, output]).toEqual([false, expect.stringContaining('A restore of this database was interrupted')]);
    expect((await house.restore.run(backup.id, { ownerUrl: target.url, replace: false })).rows).toBe(backup.rows);
    expect(await schemaOf(target.url)).toEqual(await schemaOf(database.url));
  });
});

describe('D4: a start that is killed while it does erasures again', () => {
  it.each([
    ['before the first', { like: 'pg_advisory_lock', nth: 1 }],
    ['within one', { like: 'UPDATE "content_key"', nth: 2, moment: 'within' }],
    ['when one is done and not on record', { like: 'INSERT INTO erasure', nth: 2 }],
    ['before the last commit', { like: 'UPDATE installation SET replay_due', nth: 1, moment: 'within' }],
  ] as const)('%s has served nothing, and each is done with its record or not at all', async (_moment, stop) => {
    expect(await replayKilledAt(stop, target.url, house.log.directory)).toBe(true);
  });

  it('is followed by one that does the rest, once, and serves', async () => {
    await assertReplayed(target.url, house.log.directory);
  });
});
