import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backupParts, type BackupParts } from '../../../../test/harness/backup-parts.js';
import { rowsOf, schemaOf } from '../../../../test/harness/backups.js';
import { killedWhenStopped } from '../../../../test/harness/killed-process.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { AppError } from '../../../kernel/errors.js';
import { backupsOf } from './archive/backup-places.js';
import { isRestoreUnfinished } from './restore/unfinished-restore.js';
import type { TakenBackup } from './take-backup.js';

/** `npm run torture -- backups` kills at every object. Databases are made, filled and thrown away, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ACTOR = { kind: 'system', id: 'test' } as const;
const harness = (file: string) => fileURLToPath(new URL(`../../../../test/harness/${file}`, import.meta.url));

let database: TestDatabase;
let target: TestDatabase;
let house: BackupParts;

beforeAll(async () => {
  [database, target] = [await createTestDatabase(), await createTestDatabase()];
  house = await backupParts(database.url, mkdtempSync(join(tmpdir(), 'lethe-killed-')));
  for (let times = 0; times < 5; times += 1) await house.log.record(null, 40);
});

afterAll(async () => {
  await house?.log.close();
  await database?.drop();
  await target?.drop();
  rmSync(house.log.directory, { recursive: true, force: true });
});

/** Runs the process until it is at that moment of its `stopsAt`-th object, and kills it there. Answers whether it got that far. */
async function killedAt(stopsAt: number, more: object = {}): Promise<boolean> {
  const settings = JSON.stringify({ url: database.url, directory: house.log.directory, stopsAt, ...more });
  return (await killedWhenStopped(['--import', harness('queue-worker-hook.mjs'), harness('backup-process.ts'), settings])).stopped;
}

/** Once the server has noticed that the other session is gone. */
async function takeWhenFree(): Promise<TakenBackup> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return await house.take.run('data', ACTOR);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'backups/already_running') throw error;
      await sleep(50);
    }
  }
  throw new Error('the killed process still holds its lock');
}

async function objects(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of house.archive.objects(backupsOf())) keys.push(key);
  return keys;
}

describe('D4: a backup whose process is killed', () => {
  it.each([
    [1, 'before'],
    [3, 'before'],
    [2, 'within'],
    [3, 'after'],
  ] as const)(
    'at its object %i, %s it, never was: nothing of it is listed, and the next one removes what is left',
    async (stopsAt, moment) => {
      const before = await house.archive.list();
      expect(await killedAt(stopsAt, { moment })).toBe(true);
      expect(await house.archive.list()).toEqual(before);
      const next = await takeWhenFree();
      const ids = new Set((await objects()).map((key) => key.split('/')[2]));
      expect(ids).toEqual(new Set([...before.map(({ id }) => id), next.id]));
      const running = await house.log.rows(`SELECT FROM backup WHERE state = 'running'`);
      expect(running).toEqual([]);
      await house.restore.check(await house.archive.open(await house.archive.find(next.id)));
    },
  );
});

describe('D4: a restore whose process is killed', () => {
  it('leaves the database as it was while it still checks, unusable and saying so from its first change on, and comes to its end when it is run again', async () => {
    const backup = await takeWhenFree();
    const untouched = await rowsOf(target.url);
    const all = await objects();
    const parts = all.filter((key) => key.includes(backup.id)).length - 1;
    // The backup's manifest is read, then every manifest to look for keys, then all parts to check them, and all again to load them.
    const checked = 1 + all.filter((key) => key.endsWith('/manifest')).length + parts;
    const more = { restores: backup.id, into: target.url };
    expect(await killedAt(checked, more)).toBe(true);
    expect(await rowsOf(target.url)).toEqual(untouched);
    for (const stopsAt of [checked + 1, checked + parts]) {
      expect([stopsAt, await killedAt(stopsAt, more)]).toEqual([stopsAt, true]);
      expect(await isRestoreUnfinished(target.url)).toBe(true);
    }
    const restored = await restoreWhenFree(backup);
    expect(restored.rows).toBe(backup.rows);
    const [rows, original] = [await rowsOf(target.url), await rowsOf(database.url)];
    expect(rows['audit_event']?.split(' ')[0]).toBe(String(Number(original['audit_event']?.split(' ')[0]) - 1));
    expect(await schemaOf(target.url)).toEqual(await schemaOf(database.url));
  });
});

/** A killed session may hold its locks for a moment. */
async function restoreWhenFree(backup: TakenBackup) {
  await sleep(200);
  return house.restore.run(backup.id, { ownerUrl: target.url, replace: false });
}
