import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LegalHolds } from '../../src/contracts/legal-holds.js';
import { DAY_MS, ManualClock } from '../../src/kernel/clock.js';
import { AppError } from '../../src/kernel/errors.js';
import type { AccountId, CallId, OperatorId, OrganisationId } from '../../src/kernel/ids.js';
import { RemoveMinor } from '../../src/modules/accounts/core/operator/remove-minor.js';
import { BackupArchive } from '../../src/modules/backups/core/archive/backup-archive.js';
import { CopyErasures } from '../../src/modules/backups/core/erasures/copy-erasures.js';
import { ExpireErasures } from '../../src/modules/backups/core/erasures/expire-erasures.js';
import { ExpireBackups } from '../../src/modules/backups/core/expire-backups.js';
import { ErasureCopies } from '../../src/modules/backups/core/erasures/erasure-copies.js';
import { RestoreBackup } from '../../src/modules/backups/core/restore/restore-backup.js';
import type { TakenBackup } from '../../src/modules/backups/core/take-backup.js';
import { openContent } from '../../src/modules/content/core/keeping/sealed-content.js';
import { DestroyContentKeys } from '../../src/modules/content/core/keys/destroy-content-keys.js';
import { unwrapKey } from '../../src/modules/content/core/keys/key-wrapping.js';
import { PlaceHold } from '../../src/modules/retention/core/holds/place-hold.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { LocalRootKey } from '../../src/platform/kms/local-root-key.js';
import { signUp } from '../harness/accounts.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { BACKUP_ACTOR, takeBackup, withDatabase } from '../harness/backups.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { sweepStore } from '../harness/sweeps.js';

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
/** Of the two organisations, a short call and one whose content is in the blob store each. */
let kept: [KeptCalls, KeptCalls];
let hold: string;

async function makeDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  return database;
}

function start(database: TestDatabase, more: Readonly<Record<string, string>> = {}): Promise<TestLethe> {
  const environment = {
    LETHE_DATA_DIR: directory,
    LETHE_BLOB_DIR: join(directory, 'blobs'),
    LETHE_PROFILE: 'enterprise',
    LETHE_CONTENT_BLOB_BYTES: '20000',
    ...more,
  };
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
    const tenants = [await app.tenant(), await app.tenant()] as const;
    organisations = [tenants[0].organisationId, tenants[1].organisationId];
    kept = [await keepContent(app, tenants[0]), await keepContent(app, tenants[1])];
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

interface KeptCalls {
  readonly short: { readonly id: CallId; readonly body: string };
  readonly long: { readonly id: CallId; readonly body: string };
  /** The organisation's wrapped content key, in hexadecimal. */
  readonly wrapped: string;
}

/** Says something briefly and something at length, on a plan that keeps it for ninety days. */
async function keepContent(app: TestLethe, tenant: TestTenant): Promise<KeptCalls> {
  const { organisationId } = tenant;
  const answer = await fetch(`${app.url}/admin/v1/organisations/${organisationId}/plan`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${app.operatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ plan: 'enterprise' }),
  });
  expect(answer.status).toBe(200);
  await app.settled();
  const said: string[] = [];
  for (const words of ['a word between two', 'many words between two '.repeat(2_000)]) {
    const body = JSON.stringify({ model: 'scenario:echo', messages: [{ role: 'user', content: words }] });
    const call = await app.chat(tenant, body);
    await call.text();
    expect(call.headers.get('x-lethe-retention')).toBe('payload;days=90');
    said.push(body);
  }
  const rows = () =>
    app.rows<{ id: CallId; inBlob: boolean }>(
      'SELECT call_id AS id, blob_day IS NOT NULL AS "inBlob" FROM call_payload WHERE organisation_id = $1 ORDER BY call_id',
      [organisationId],
    );
  await vi.waitUntil(async () => (await rows()).length === 2, { timeout: 10_000 });
  const [short, long] = await rows();
  expect([short?.inBlob, long?.inBlob]).toEqual([false, true]);
  const [key] = await app.rows<{ wrapped: string }>(
    `SELECT encode(wrapped_key, 'hex') AS wrapped FROM content_key WHERE organisation_id = $1`,
    [organisationId],
  );
  return {
    short: { id: short?.id as CallId, body: said[0] ?? '' },
    long: { id: long?.id as CallId, body: said[1] ?? '' },
    wrapped: key?.wrapped ?? '',
  };
}

/** How many of all the content keys a database has open what is kept there of a call, as it lies in its row or its object. */
async function keysThatOpen(database: TestDatabase, { id }: KeptCalls['short']): Promise<number> {
  return withDatabase(database.url, async (client) => {
    const { rows } = await client.query<{ organisationId: OrganisationId; keyVersion: number; sealed: Buffer | null; place: string }>(
      `SELECT organisation_id AS "organisationId", key_version AS "keyVersion", sealed,
         format('content/%s/%s/%s/payload.%s', installation_id, blob_day, organisation_id, call_id) AS place
       FROM call_payload, installation WHERE call_id = $1`,
      [id],
    );
    const [row] = rows;
    if (!row) throw new Error('nothing is kept of this call');
    const sealed = row.sealed ?? (await buffer(await new BlobFolder(join(directory, 'blobs')).get(row.place)));
    const context = { organisationId: row.organisationId, callId: id, store: 'payload', keyVersion: row.keyVersion } as const;
    const keys = await unwrapped(client);
    return keys.filter((key) => {
      try {
        return openContent(key, sealed, context).length > 0;
      } catch (error) {
        expect(error).toMatchObject({ code: 'content/unreadable' });
        return false;
      }
    }).length;
  });
}

/** Every content key there is, opened with the root key. */
async function unwrapped(client: pg.Client): Promise<KeyObject[]> {
  const kms = new LocalRootKey({ path: join(directory, 'root-key.json'), allowGenerate: false });
  const { rows } = await client.query<{ organisationId: OrganisationId; version: number; kmsKeyId: string; blob: Buffer }>(
    `SELECT organisation_id AS "organisationId", version, kms_key_id AS "kmsKeyId", wrapped_key AS blob FROM content_key
     WHERE wrapped_key IS NOT NULL`,
  );
  return Promise.all(rows.map((row) => unwrapKey(kms, row, row)));
}

/** The tables of content keys in all backups there are, as they were copied. */
async function backedUpKeys(app: TestLethe): Promise<string> {
  const archive = app.lethe.get(BackupArchive);
  const copies: string[] = [];
  for (const { id } of await archive.list()) {
    const open = await archive.open(await archive.find(id));
    for (const part of open.parts.filter(({ table }) => table.startsWith('content_key'))) {
      const rows = new PassThrough();
      const [copy] = await Promise.all([text(rows), open.read(part, rows)]);
      copies.push(copy);
    }
    open.close();
  }
  return copies.join('');
}

const contentOf = (app: TestLethe, organisationId: OrganisationId, { id }: KeptCalls['short']) =>
  app.api<{ code?: string; request?: { body: string } }>(
    'GET',
    `/organisations/${organisationId}/calls/${id}/content?purpose=legal_request`,
  );

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
    // The key of day 18 opens what it sealed, for whoever has the root key, until the erasures are done again.
    for (const call of [kept[0].short, kept[0].long]) expect(await keysThatOpen(restored, call)).toBe(1);
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

  it('C4: what was really kept of the erased organisation is there, and no key that is left opens it; the other reads its own', async () => {
    const restored = databases[1] as TestDatabase;
    await during(restored, async (app) => {
      for (const size of ['short', 'long'] as const) {
        const [gone, theirs] = [kept[0][size], kept[1][size]];
        expect(await contentOf(app, organisations[0], gone)).toMatchObject({ status: 410, body: { code: 'content/destroyed' } });
        expect(await contentOf(app, organisations[1], theirs)).toMatchObject({ status: 200, body: { request: { body: theirs.body } } });
        expect([await keysThatOpen(restored, gone), await keysThatOpen(restored, theirs)]).toEqual([0, 1]);
      }
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
      const sweep = () => sweepStore(app.lethe.get(ExpireBackups), clock.nowMs());
      const archive = app.lethe.get(BackupArchive);
      const later = await takeBackup(app.lethe);
      clock.advance(5 * DAY_MS);
      // The keys of day 18 are a week old, and with them goes the last copy of the key that was destroyed on day 20.
      const young = await takeBackup(app.lethe, 'keys');
      expect(await backedUpKeys(app)).toContain(kept[0].wrapped);
      expect(await sweep()).toMatchObject({ rows: 1 });
      const keys = await backedUpKeys(app);
      expect([keys.includes(kept[0].wrapped), keys.includes(kept[1].wrapped)]).toEqual([false, true]);
      await archive.remove(later);
      expect(await sweep()).toMatchObject({ rows: 0 });
      const [missed] = await app.rows('SELECT state, failure FROM backup WHERE id = $1', [later.id]);
      expect(missed).toEqual({ state: 'deleted', failure: 'backups/missing' });
      clock.advance(5 * DAY_MS - 20 * 60_000);
      expect(await sweep()).toMatchObject({ rows: 0 });
      expect(await app.lethe.get(ExpireBackups).oldestSurvivor()).toEqual({ writtenAt: backup.takenAt, dueAt: backup.expiresAt });
      clock.advance(10 * 60_000);
      expect(await sweep()).toMatchObject({ rows: 1, bytes: backup.bytes });
      expect((await archive.list()).map(({ id }) => id)).toEqual([young.id]);
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
      expect(await sweepStore(app.lethe.get(ExpireErasures), nowMs)).toMatchObject({ rows: 1 });
      expect(await copies()).toEqual(['2031-04-20']);
    });
  });
});
