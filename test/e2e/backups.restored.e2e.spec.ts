import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LegalHolds } from '../../src/contracts/legal-holds.js';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import { AppError } from '../../src/kernel/errors.js';
import type { AccountId, OperatorId, OrganisationId } from '../../src/kernel/ids.js';
import { RemoveMinor } from '../../src/modules/accounts/core/operator/remove-minor.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { CopyErasures } from '../../src/modules/backups/core/erasures/copy-erasures.js';
import { ExpireErasures } from '../../src/modules/backups/core/erasures/expire-erasures.js';
import { ExpireBackups } from '../../src/modules/backups/core/expire-backups.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import type { TakenBackup } from '../../src/modules/backups/core/take-backup.js';
import { DestroyContentKeys } from '../../src/modules/content/core/keys/destroy-content-keys.js';
import { PlaceHold } from '../../src/modules/retention/core/holds/place-hold.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { BACKUP_ACTOR, takeBackup, withDatabase } from '../harness/backups.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Databases are made, filled and thrown away, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

// One installation through 52 days: a backup, twenty days on its restore, and thirty days on its end.
const BEGAN_MS = Date.parse('2031-03-01T12:00:00Z');

const clock = new ManualClock(BEGAN_MS);
const directory = mkdtempSync(join(tmpdir(), 'lethe-restored-'));
const databases: TestDatabase[] = [];
let backup: TakenBackup;
let people: [AccountId, AccountId, AccountId];
let organisations: [OrganisationId, OrganisationId];
let hold: string;

async function makeDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  return database;
}

function start(database: TestDatabase, more: Readonly<Record<string, string>> = {}): Promise<TestLethe> {
  const environment = { LETHE_DATA_DIR: directory, ...more };
  return TestLethe.start({ databaseUrl: database.url, environment, clock });
}

async function during<T>(database: TestDatabase, work: (app: TestLethe) => Promise<T>): Promise<T> {
  const app = await start(database);
  try {
    return await work(app);
  } finally {
    await app.stop();
  }
}

function restoreInto(database: TestDatabase): ReturnType<RestoreBackup['run']> {
  const kms = new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: false });
  const blobs = new BlobFolder(join(directory, 'blobs'));
  return new RestoreBackup(new BackupArchive(blobs, kms), new ErasureCopies(blobs, kms), clock).run(backup.id, {
    ownerUrl: database.url,
    replace: false,
  });
}

/** Whose accounts there are, and which organisations have a key that still opens something. */
function remaining(database: TestDatabase): Promise<{ people: string[]; keys: string[]; replayDue: boolean }> {
  return withDatabase(database.url, async (client) => {
    const ids = async (sql: string) => (await client.query<{ id: string }>(sql)).rows.map(({ id }) => id).sort();
    const { rows } = await client.query<{ due: boolean }>('SELECT replay_due AS due FROM installation');
    return {
      people: await ids('SELECT id FROM account'),
      keys: await ids('SELECT organisation_id AS id FROM content_key WHERE wrapped_key IS NOT NULL'),
      replayDue: rows[0]?.due === true,
    };
  });
}

beforeAll(async () => {
  await during(await makeDatabase(), async (app) => {
    const { lethe } = app;
    people = [(await signUp(lethe)).accountId, (await signUp(lethe)).accountId, (await signUp(lethe)).accountId];
    organisations = [(await app.tenant()).organisationId, (await app.tenant()).organisationId];
    await app.rows(
      `INSERT INTO content_key (id, organisation_id, version, kms_key_id, wrapped_key, created_at)
       SELECT gen_random_uuid(), id, 1, 'local:x', '\\x01', '2031-03-01' FROM organisation ON CONFLICT DO NOTHING`,
    );
    backup = await takeBackup(lethe);
    clock.advance(18 * DAY_MS);
    await lethe.get(RemoveMinor).run(people[0], BACKUP_ACTOR);
    await lethe.get(RemoveMinor).run(people[1], BACKUP_ACTOR);
    // It still has the key that is destroyed next.
    await takeBackup(lethe, 'keys');
    clock.advance(2 * DAY_MS);
    await lethe.get(DestroyContentKeys).runAll(BACKUP_ACTOR, organisations[0]);
    hold = await placeHold(app, organisations[1]);
    await lethe.get(CopyErasures).run();
  });
});

/** On what is known of an organisation's calls, by the operator there was from the beginning. */
async function placeHold(app: TestLethe, organisationId: OrganisationId): Promise<string> {
  const [operator] = await app.rows<{ id: OperatorId }>('SELECT id FROM operator ORDER BY id LIMIT 1');
  const scope = { organisationId, accountId: null, dataClasses: ['request_metadata' as const], fromAt: null, toAt: null };
  const request = { matter: 'M-2031/7', reason: 'litigation' as const, ...scope };
  const { id } = await app.lethe.get(PlaceHold).run({ kind: 'operator', id: operator?.id as OperatorId }, request);
  return id;
}

afterAll(async () => {
  for (const database of databases) await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

describe('D4: a backup of twenty days ago is restored, after three erasures and one legal hold', () => {
  it('brings the erased back, and says so, until Lethe has been started: and it starts with no other blob store', async () => {
    const restored = await makeDatabase();
    expect(await restoreInto(restored)).toMatchObject({ keys: { kind: 'keys' } });
    expect(await remaining(restored)).toMatchObject({ people: [...people].sort(), replayDue: true });
    expect((await remaining(restored)).keys).toContain(organisations[0]);
    const elsewhere = join(directory, 'elsewhere');
    await expect(start(restored, { LETHE_BLOB_DIR: elsewhere })).rejects.toMatchObject({ code: 'backups/ledger_not_here' });
    // A key that opens nothing of the ledger.
    const refusal = await start(restored, { LETHE_ROOT_KEY_FILE: join(directory, 'other-key.json') }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AppError);
    expect(await remaining(restored)).toMatchObject({ people: [...people].sort(), replayDue: true });
  });

  it('after which the erased are gone again, their content cannot be deciphered, and the others are as they were', async () => {
    const restored = databases[1] as TestDatabase;
    await during(restored, async (app) => {
      const [event] = await app.rows<{ detail: object }>(`SELECT detail FROM audit_event WHERE action = 'backup.restored'`);
      expect(event?.detail).toEqual({ replayed: 4 });
      const removed = await app.rows<{ id: string }>(`SELECT target_id AS id FROM audit_event WHERE action = 'account.removed'`);
      expect(removed.map(({ id }) => id).sort()).toEqual([people[0], people[1]].sort());
    });
    const { people: left, keys, replayDue } = await remaining(restored);
    expect(left).toEqual([people[2]]);
    expect(keys).toContain(organisations[1]);
    expect(keys).not.toContain(organisations[0]);
    expect(replayDue).toBe(false);
    const holds = await withDatabase(
      restored.url,
      async (client) => (await client.query('SELECT id, released_at FROM legal_hold')).rows as object[],
    );
    expect(holds).toEqual([{ id: hold, released_at: null }]);
    // And only once.
    await during(restored, async (app) => {
      expect(await app.rows(`SELECT FROM audit_event WHERE action = 'backup.restored'`)).toHaveLength(1);
    });
  });

  it('D5: and what was held is held: nothing of it may be deleted', async () => {
    await during(databases[1] as TestDatabase, async ({ lethe }) => {
      const covering = (organisationId: OrganisationId) =>
        lethe.get(UnitOfWork).asSystem((tx) => lethe.get(LegalHolds).covering(tx, { dataClass: 'request_metadata', organisationId }));
      expect(await covering(organisations[1])).toMatchObject([{ id: hold, matter: 'M-2031/7' }]);
      expect(await covering(organisations[0])).toEqual([]);
    });
  });

  it('also when the database was brought back by other means than ours, which leave no mark', async () => {
    const copy = await makeDatabase();
    await restoreInto(copy);
    await withDatabase(copy.url, (client) => client.query('UPDATE installation SET replay_due = false, restored_backup = NULL'));
    await during(copy, async () => undefined);
    const { people: left, keys } = await remaining(copy);
    expect(left).toEqual([people[2]]);
    expect(keys).not.toContain(organisations[0]);
  });

  it('and nothing starts on a database whose restore was interrupted', async () => {
    const half = await makeDatabase();
    await withDatabase(half.url, (client) => client.query('CREATE SCHEMA lethe_restore'));
    await expect(start(half)).rejects.toMatchObject({ code: 'start/restore_unfinished' });
  });
});

describe('D4: a backup is gone on its thirtieth day, and the store was asked', () => {
  it('also one the catalogue of a restored database has never heard of, and one that somebody else removed is noted', async () => {
    await during(databases[1] as TestDatabase, async (app) => {
      const sweep = () =>
        app.lethe
          .get(ExpireBackups)
          .sweep({ nowMs: clock.nowMs(), signal: new AbortController().signal, holds: app.lethe.get(LegalHolds) });
      const archive = app.lethe.get(BackupArchive);
      const later = await takeBackup(app.lethe);
      clock.advance(5 * DAY_MS);
      // The keys of day 18 are a week old.
      expect(await sweep()).toMatchObject({ rows: 1 });
      await archive.remove(later);
      expect(await sweep()).toMatchObject({ rows: 0 });
      const [missed] = await app.rows('SELECT state, failure FROM backup WHERE id = $1', [later.id]);
      expect(missed).toEqual({ state: 'deleted', failure: 'backups/missing' });
      clock.advance(5 * DAY_MS - 20 * 60_000);
      expect(await sweep()).toMatchObject({ rows: 0 });
      expect(await app.lethe.get(ExpireBackups).oldestSurvivor()).toEqual({ writtenAt: backup.takenAt, dueAt: backup.expiresAt });
      clock.advance(10 * 60_000);
      expect(await sweep()).toMatchObject({ rows: 1, bytes: backup.bytes });
      expect(await archive.list()).toEqual([]);
      const [event] = await app.rows<{ detail: object }>(
        `SELECT detail FROM audit_event WHERE action = 'backup.deleted' AND target_id = $1`,
        [backup.id],
      );
      expect(event?.detail).toMatchObject({ kind: 'data', bytes: backup.bytes, verified: true });
    });
  });

  it('and the ledger forgets an erasure when no backup from before it can be restored any more', async () => {
    await during(databases[1] as TestDatabase, async (app) => {
      const copies = async () => {
        const { installation } = backup;
        const found: string[] = [];
        for await (const { lastDay } of app.lethe.get(ErasureCopies).list(installation)) found.push(lastDay);
        return found;
      };
      expect(await copies()).toEqual(['2031-04-18', '2031-04-20']);
      const nowMs = Date.parse('2031-04-19T00:00:00Z');
      const context = { nowMs, signal: new AbortController().signal, holds: app.lethe.get(LegalHolds) };
      expect(await app.lethe.get(ExpireErasures).sweep(context)).toMatchObject({ rows: 1 });
      expect(await copies()).toEqual(['2031-04-20']);
    });
  });
});
