import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DAY_MS, ManualClock, SystemClock } from '../../src/kernel/clock.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { DrillBackup } from '../../src/modules/backups/core/drill-backup.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import { readReferences } from '../../src/modules/backups/data/live-schema.js';
import type { TakenBackup } from '../../src/modules/backups/core/take-backup.js';
import type { AppError } from '../../src/kernel/errors.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import { S3Bucket } from '../../src/platform/blob/s3-bucket.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { BACKUP_ACTOR, restoring, rowsOf, schemaOf, takeBackup, withDatabase } from '../harness/backups.js';
import { IsolationWalk } from '../harness/isolation.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { S3_CREDENTIALS, S3Server } from '../harness/s3-server.js';

/** Databases are made, filled and thrown away, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let walk: IsolationWalk;
let target: TestDatabase;
let backup: TakenBackup;
let keys: TakenBackup;
let before: Record<string, string>;
let after: Record<string, string>;

beforeAll(async () => {
  walk = await IsolationWalk.start();
  target = await createTestDatabase();
  before = await rowsOf(walk.app.databaseUrl);
  backup = await takeBackup(walk.app.lethe);
  after = await rowsOf(walk.app.databaseUrl);
  keys = await takeBackup(walk.app.lethe, 'keys');
});

afterAll(async () => {
  await walk?.stop();
  await target?.drop();
});

const folderOf = ({ installation, id }: TakenBackup): string => join(walk.app.directory, 'blobs/backups', installation, id);
const into = (database: TestDatabase, replace = false) => ({ ownerUrl: database.url, replace });

describe('D4: a backup of a database with one of everything', () => {
  it('brings every row of every table back, and all that stands around them', async () => {
    const restored = await restoring(walk.app.lethe).run(backup.id, into(target));
    const rows = await rowsOf(target.url);
    const still = Object.keys(before).filter((table) => before[table] === after[table]);
    for (const table of still.filter((name) => name !== 'installation')) expect([table, rows[table]]).toEqual([table, before[table]]);
    const changed = Object.keys(before).filter((table) => !still.includes(table));
    expect(changed.filter((table) => !['audit_event', 'backup', 'gateway_instance', 'ledger_instance'].includes(table))).toEqual([]);
    expect(restored).toMatchObject({ expired: 0, tables: backup.tables, rows: backup.rows, keys: { id: keys.id } });
    expect(await schemaOf(target.url)).toEqual(await schemaOf(walk.app.databaseUrl));
    const [row] = await withDatabase(target.url, async (client) => (await client.query('SELECT * FROM installation')).rows as object[]);
    expect(row).toMatchObject({ installation_id: backup.installation, restored_backup: backup.id, replay_due: true });
  });

  it('C4: keeps keys apart: they are in no other backup, and no other table refers to them', async () => {
    const archive = walk.app.lethe.get(BackupArchive);
    const tablesOf = async ({ id }: TakenBackup) => (await archive.open(await archive.find(id))).parts.map(({ table }) => table);
    expect(await tablesOf(keys)).toEqual(['content_key']);
    expect(await tablesOf(backup)).not.toContain('content_key');
    expect(keys.expiresAt.getTime() - keys.takenAt.getTime()).toBe(7 * DAY_MS);
    const references = await withDatabase(walk.app.databaseUrl, readReferences);
    expect(references.filter(({ from, to }) => to === 'content_key' && from !== 'content_key')).toEqual([]);
  });

  it('holds nothing readable: no name, address or id of anyone', () => {
    const files = readdirSync(folderOf(backup));
    expect(files).toContain('manifest');
    for (const file of files) {
      const bytes = readFileSync(join(folderOf(backup), file));
      for (const word of [walk.victim.organisationId, 'guest@iso-1', 'account', '.example.com']) {
        expect([file, word, bytes.includes(word)]).toEqual([file, word, false]);
      }
      expect(statSync(join(folderOf(backup), file)).mode & 0o077).toBe(0);
    }
  });

  it('is verified by a test restore on a server of its own, of which nothing is left', async () => {
    const drilled = await walk.app.lethe.get(DrillBackup).run(BACKUP_ACTOR);
    expect(drilled).toMatchObject({ header: { id: backup.id }, rows: backup.rows, expired: 0 });
    const [row] = await walk.app.rows<{ sound: boolean }>('SELECT sound FROM backup WHERE id = $1', [backup.id]);
    expect(row).toEqual({ sound: true });
    expect(readdirSync(walk.app.directory)).not.toContain('drill');
  });

  it('needs no sequence: none would be set by a restore', async () => {
    expect(
      await walk.app.rows(`SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename !~ '^schema_migration_'`),
    ).toEqual([]);
  });
});

describe('a restore that is refused changes nothing', () => {
  const refused = async (run: () => Promise<unknown>, code: string, ...named: string[]): Promise<void> => {
    const untouched = await rowsOf(target.url);
    const error = await run().catch((failure: unknown) => failure as AppError);
    expect(error).toMatchObject({ code });
    for (const word of named) expect((error as AppError).publicMessage).toContain(word);
    expect(await rowsOf(target.url)).toEqual(untouched);
    expect(await schemaOf(target.url)).toEqual(await schemaOf(walk.app.databaseUrl));
  };

  it('into a database that is not empty, unless that is wanted', async () => {
    await refused(() => restoring(walk.app.lethe).run(backup.id, into(target)), 'backups/target_not_empty');
    await refused(
      () => restoring(walk.app.lethe).run(backup.id, { ownerUrl: walk.app.databaseUrl, replace: true }),
      'backups/target_in_use',
    );
    await restoring(walk.app.lethe).run(backup.id, into(target, true));
  });

  it('from a backup with damage in one of its objects, or one that was cut short or is missing', async () => {
    const attempt = () => restoring(walk.app.lethe).run(backup.id, into(target, true));
    // The manifest and some of the parts: `sealed-chunks.spec.ts` goes through every chunk.
    for (const name of readdirSync(folderOf(backup)).filter((_, index) => index % 5 === 0)) {
      const file = join(folderOf(backup), name);
      const whole = readFileSync(file);
      const at = Math.floor(whole.length * 0.9);
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 1;
      writeFileSync(file, broken);
      await expect(attempt(), name).rejects.toMatchObject({ code: expect.stringMatching(/^backups\/(damaged|foreign)$/) });
      writeFileSync(file, whole);
    }
    const [manifest = '', part = ''] = readdirSync(folderOf(backup)).map((name) => join(folderOf(backup), name));
    for (const file of [manifest, part]) {
      const whole = readFileSync(file);
      truncateSync(file, whole.length - 2);
      await expect(attempt(), file).rejects.toMatchObject({ code: 'backups/damaged' });
      rmSync(file);
      const code = file === manifest ? 'backups/not_found' : 'backups/damaged';
      await refused(attempt, code);
      writeFileSync(file, whole, { mode: 0o600 });
    }
  });

  it('from a backup of another installation, or sealed under another root key', async () => {
    const blobs = new BlobFolder(join(walk.app.directory, 'blobs'));
    const kms = new LocalRootKey({ path: join(walk.app.directory, 'another-root-key.json'), allowGenerate: true });
    const stranger = new RestoreBackup(new BackupArchive(blobs, kms), new ErasureCopies(blobs, kms), new SystemClock());
    await refused(() => stranger.run(backup.id, into(target, true)), 'backups/foreign', 'root key local:', 'LETHE_KMS');
    const other = '01980000-0000-7000-8000-000000000000';
    await withDatabase(target.url, (client) => client.query('UPDATE installation SET installation_id = $1', [other]));
    await refused(() => restoring(walk.app.lethe).run(backup.id, into(target, true)), 'backups/foreign', backup.installation, other);
    await withDatabase(target.url, (client) => client.query('UPDATE installation SET installation_id = $1', [backup.installation]));
  });

  it('from a backup past its last moment, though the store still has it', async () => {
    const late = new ManualClock(backup.expiresAt.getTime());
    await refused(
      () => restoring(walk.app.lethe, late).run(backup.id, into(target, true)),
      'backups/expired',
      backup.expiresAt.toISOString(),
      'none is left',
    );
  });

  it('onto a database that a newer Lethe has migrated, and of keys by themselves', async () => {
    await withDatabase(target.url, (client) =>
      client.query(`INSERT INTO schema_migration (timestamp, name) VALUES (9999999999999, 'later-9999999999999')`),
    );
    await expect(restoring(walk.app.lethe).run(backup.id, into(target, true))).rejects.toMatchObject({ code: 'backups/newer_schema' });
    await withDatabase(target.url, (client) => client.query(`DELETE FROM schema_migration WHERE name LIKE 'later-%'`));
    await refused(() => restoring(walk.app.lethe).run(keys.id, into(target, true)), 'backups/not_a_data_backup');
  });
});

describe('at the last moment of a backup', () => {
  const atTheEndOf = ({ expiresAt }: TakenBackup) => restoring(walk.app.lethe, new ManualClock(expiresAt.getTime() - 1));

  it('D5: one with a hold in it brings back what has expired since, for retention to put aside or drop; no keys are left by then', async () => {
    const restored = await atTheEndOf(backup).run(backup.id, into(target, true));
    expect(restored).toMatchObject({ keys: null, expired: 0, rows: backup.rows });
  });

  it('D2: one without a hold leaves out what has expired since', async () => {
    await walk.app.rows('TRUNCATE legal_hold CASCADE');
    const free = await takeBackup(walk.app.lethe);
    const { rows, expired } = await atTheEndOf(free).run(free.id, into(target, true));
    expect(expired).toBeGreaterThan(0);
    expect(rows).toBe(free.rows - expired);
  });
});

describe('D4: in a bucket', () => {
  it('a backup is put, read back and restored as from a folder', async () => {
    const s3 = await S3Server.start();
    const { bucket, endpoint } = s3;
    const store = new S3Bucket({ bucket, endpoint, region: 'us-east-1', prefix: 'lethe/', pathStyle: true, credentials: S3_CREDENTIALS });
    try {
      const folder = new BlobFolder(join(walk.app.directory, 'blobs'));
      for (const { key } of (await folder.list('backups/')).blobs)
        if ([backup.id, keys.id].some((id) => key.includes(id))) await store.put(key, await folder.get(key));
      const kms = new LocalRootKey({ path: join(walk.app.directory, 'root-key.json'), allowGenerate: false });
      const archive = new BackupArchive(store, kms);
      expect((await archive.list(backup.installation)).map(({ id }) => id)).toEqual([backup.id, keys.id]);
      const restored = await new RestoreBackup(archive, new ErasureCopies(store, kms), new SystemClock()).run(
        backup.id,
        into(target, true),
      );
      expect(restored).toMatchObject({ rows: backup.rows, keys: { id: keys.id } });
    } finally {
      await store.dispose();
      await s3.stop();
    }
  });
});
