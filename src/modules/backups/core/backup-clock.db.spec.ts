import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { backupParts, type BackupParts, sweepAt } from '../../../../test/harness/backup-parts.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { DAY_MS, ManualClock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { TakeBackupsJob } from '../jobs/take-backups.job.js';
import type { TakenBackup } from './take-backup.js';

/** Databases are made, filled and thrown away, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ACTOR = { kind: 'system', id: 'test' } as const;
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let target: TestDatabase;
let directory: string;
const opened: BackupParts[] = [];

beforeAll(async () => {
  [database, target] = [await createTestDatabase(), await createTestDatabase()];
  directory = mkdtempSync(join(tmpdir(), 'lethe-clock-'));
});

afterEach(() => rmSync(join(directory, 'blobs'), { recursive: true, force: true }));

afterAll(async () => {
  for (const { log } of opened) await log.close();
  await database?.drop();
  await target?.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** A process whose clock says this. */
async function at(nowMs: number): Promise<BackupParts> {
  const parts = await backupParts(database.url, directory, undefined, new ManualClock(nowMs));
  opened.push(parts);
  return parts;
}

const restore = ({ restore: restoring }: BackupParts, { id }: Pick<TakenBackup, 'id'>) =>
  restoring.run(id, { ownerUrl: target.url, replace: true });
/** Those of data: keys have backups of their own. */
const ofData = async ({ archive }: BackupParts) => (await archive.list()).filter(({ kind }) => kind === 'data');
const listed = async (parts: BackupParts) => (await ofData(parts)).map(({ id }) => id);

describe('D4: a clock that is set back', () => {
  it('gives no backup another day: what was taken later shows what time it is at least, and is named', async () => {
    const startMs = Date.now();
    const early = await at(startMs);
    const old = await early.take.run('data', ACTOR);
    const recent = await (await at(startMs + 31 * DAY_MS)).take.run('data', ACTOR);
    await expect(restore(early, old)).rejects.toMatchObject({
      code: 'backups/expired',
      publicMessage: expect.stringMatching(new RegExp(`until ${old.expiresAt.toISOString()}.*newest that may be restored is ${recent.id}`)),
    });
    expect(await restore(early, recent)).toMatchObject({ rows: recent.rows });
  });

  it('is not made up for by a date that somebody put into the store', async () => {
    const now = await at(Date.now());
    const backup = await now.take.run('data', ACTOR);
    const folder = join(directory, 'blobs/backups', backup.installation);
    const forged = newId();
    cpSync(join(folder, backup.id), join(folder, forged), { recursive: true });
    const path = join(folder, forged, 'manifest');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    const later = new Date(Date.now() + 300 * DAY_MS).toISOString();
    writeFileSync(path, JSON.stringify({ ...manifest, id: forged, takenAt: later, expiresAt: later }));
    expect(await listed(now)).toContain(forged);
    expect(await restore(now, backup)).toMatchObject({ rows: backup.rows });
  });
});

describe('D4: a backup taken while the clock was ahead', () => {
  it('puts off no other, and goes when there is one that can be counted; no clock alone deletes one by being late', async () => {
    const nowMs = Date.now();
    const now = await at(nowMs);
    const ahead = await (await at(nowMs + 60 * DAY_MS)).take.run('data', ACTOR);
    await sweepAt(now, nowMs);
    expect(await listed(now)).toEqual([ahead.id]);
    const [counted, ...more] = await now.due.run();
    expect([counted?.kind, ...more.map(({ kind }) => kind)]).toEqual(['data', 'keys']);
    expect(await now.due.run()).toEqual([]);
    // The database's clock says that it is this one that is wrong.
    await sweepAt(now, nowMs - 3 * HOUR_MS);
    expect(await listed(now)).toEqual([counted?.id, ahead.id]);
    await sweepAt(now, nowMs);
    expect(await listed(now)).toEqual([counted?.id]);
  });
});

describe('D4: a round of the worker', () => {
  it('tells a monitor of when the newest backup is, and the newest that a test restore has found whole', async () => {
    const parts = await at(Date.now());
    const metrics = new Metrics({ clock: new ManualClock(0), processMetrics: false });
    const round = () =>
      new TakeBackupsJob(parts.due, parts.state, metrics, Log.open({ level: 'silent' })).run(new AbortController().signal);
    await parts.log.rows(`UPDATE backup SET state = 'deleted'`);
    await round();
    const [{ id, takenAt } = { id: '', takenAt: new Date(0) }] = await ofData(parts);
    const newest = `lethe_backup_newest_timestamp_seconds{kind="data"} ${takenAt.getTime() / 1_000}`;
    const verified = `lethe_backup_verified_timestamp_seconds{kind="data"} ${takenAt.getTime() / 1_000}`;
    const before = await metrics.render();
    expect([before.includes(newest), before.includes(verified)]).toEqual([true, false]);
    await parts.log.rows('UPDATE backup SET sound = true, verified_at = taken_at WHERE id = $1', [id]);
    await round();
    expect((await ofData(parts)).length).toBe(1);
    expect(await metrics.render()).toContain(verified);
  });
});
