import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../../test/harness/retention.js';
import { fixedWindows } from '../../../../../test/harness/windows.js';
import { declareTable } from '../../../../contracts/data-inventory.js';
import { DAY_MS, ManualClock, utcDayAfter } from '../../../../kernel/clock.js';
import { type AccountId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { CommittedLegalHolds } from './committed-legal-holds.js';
import { ReplayPlacedHold, ReplayReleasedHold } from './replay-holds.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const WINDOW_DAYS = 3;
const TABLES = [
  { table: 'diary', window: { dataClass: 'request_metadata' }, writtenAt: 'written_at', organisation: 'organisation_id' },
  { table: 'letter', window: { dataClass: 'security_log' }, writtenAt: 'written_at', organisation: null },
] as const;

declareTable({
  table: 'letter',
  description: 'Letters to accounts',
  dataClass: 'security_log',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'partition_by_expiry', column: 'expires_on' },
  export: { section: 'letters' },
  erasure: 'expires',
  tenantPolicy: { kind: 'system_only' },
  columns: { id: 'identifier', expires_on: 'technical', account_id: 'personal', written_at: 'technical', words: 'personal' },
});

let database: TestDatabase;
let clock: ManualClock;
let retention: TestRetention;
let mine: OrganisationId;
let theirs: OrganisationId;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database?.drop());

beforeEach(async () => {
  clock = new ManualClock(START);
  const windows = fixedWindows({ request_metadata: WINDOW_DAYS, security_log: WINDOW_DAYS });
  retention = await TestRetention.open(database.url, { clock, tables: TABLES, windows });
  for (const [table, whose] of [
    ['diary', 'organisation_id'],
    ['letter', 'account_id'],
  ]) {
    await retention.rows(
      `CREATE TABLE ${table} (id int, expires_on date NOT NULL, ${whose} uuid, written_at timestamptz, words text, PRIMARY KEY (id, expires_on))
       PARTITION BY RANGE (expires_on); GRANT SELECT, INSERT ON ${table} TO lethe_system`,
    );
  }
  [mine, theirs] = [await organisation(), await organisation()];
  await retention.all.run();
});

afterEach(async () => {
  await retention.rows('DROP TABLE diary, letter');
  await retention.rows(
    `UPDATE legal_hold SET release_requested_by = gen_random_uuid(), release_requested_at = now() WHERE released_at IS NULL`,
  );
  await retention.rows(`UPDATE legal_hold SET released_by = gen_random_uuid(), released_at = now() WHERE released_at IS NULL`);
  await retention.close();
});

async function organisation(): Promise<OrganisationId> {
  const id = newId<OrganisationId>();
  await retention.rows(
    `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'o', 'customer', 'active', now(), now())`,
    [id],
  );
  return id;
}

async function account(): Promise<AccountId> {
  const id = newId<AccountId>();
  await retention.rows(
    `INSERT INTO account (id, email, email_normal, locale, status, created_at, updated_at) VALUES ($1::uuid, $2, $2, 'en', 'active', now(), now())`,
    [id, `${id}@example.com`],
  );
  return id;
}

let lines = 0;

/** Writes a row now, which goes when the window is over. */
async function write(table: 'diary' | 'letter', whose: string, words: string, writtenMs = clock.nowMs()): Promise<void> {
  lines += 1;
  await retention.rows(`INSERT INTO ${table} VALUES ($1, $2, $3, $4, $5)`, [
    lines,
    utcDayAfter(writtenMs, WINDOW_DAYS),
    whose,
    new Date(writtenMs),
    words,
  ]);
}

async function held(): Promise<string[]> {
  const rows = await retention.rows<{ words: string }>(`SELECT kept ->> 'words' AS words FROM held_row ORDER BY 1`);
  return rows.map(({ words }) => words);
}

/** The window is over, and a round has been. */
async function pass(days = WINDOW_DAYS + 1): Promise<void> {
  clock.advance(days * DAY_MS);
  await retention.all.run();
}

describe('a purge under a legal hold', () => {
  it('D5: keeps what the hold covers aside, and nothing of its neighbours: other organisations, classes, people and times', async () => {
    const [ann, bob] = [await account(), await account()];
    const noon = clock.nowMs();
    await retention.hold({ organisationId: mine, fromAt: new Date(noon), toAt: new Date(noon + 60_000) });
    await retention.hold({ accountId: ann, dataClasses: ['security_log'] });
    await write('diary', mine, 'covered');
    await write('diary', mine, 'before', noon - 1);
    await write('diary', mine, 'after', noon + 60_000);
    await write('diary', theirs, 'another organisation');
    await write('letter', ann, 'to ann');
    await write('letter', bob, 'to bob');
    await pass();
    expect(await held()).toEqual(['covered', 'to ann']);
    expect(await retention.rows('SELECT FROM diary')).toHaveLength(0);
    expect(await retention.rows('SELECT FROM letter')).toHaveLength(0);
  });

  it('D5: a release with four eyes lets go of it with the next round, with a receipt, and of nothing that is not due', async () => {
    const hold = await retention.hold({ organisationId: mine });
    await write('diary', mine, 'due');
    await pass();
    await write('diary', mine, 'not due');
    await retention.release(hold);
    expect(await held()).toEqual(['due']);
    await retention.all.run();
    expect(await held()).toEqual([]);
    expect(await retention.rows('SELECT words FROM diary')).toEqual([{ words: 'not due' }]);
    const [place] = await retention.rows('SELECT FROM pg_class WHERE relname = $1', [`held_row_${hold.id.replaceAll('-', '')}`]);
    expect(place).toBeUndefined();
    const receipts = await retention.rows(
      `SELECT action, rows::int, rows_exact FROM retention_receipt WHERE store = 'held_row' ORDER BY id DESC LIMIT 1`,
    );
    expect(receipts).toEqual([{ action: 'released', rows: 1, rows_exact: true }]);
  });

  it('D5: what two holds cover stays until the second is released, also when that was placed after the table had let go', async () => {
    const first = await retention.hold({ organisationId: mine });
    await write('diary', mine, 'twice');
    await write('diary', mine, 'once', clock.nowMs() - 1);
    await pass();
    const second = await retention.hold({ organisationId: mine, fromAt: new Date(START) });
    await retention.release(first);
    await retention.all.run();
    expect(await held()).toEqual(['twice']);
    await retention.release(second);
    await retention.all.run();
    expect(await held()).toEqual([]);
  });

  it('D5, peers 31: the database itself keeps it, whoever asks it to drop, and drops nothing it was not told about', async () => {
    await retention.hold({ organisationId: mine });
    await write('diary', mine, 'covered');
    await retention.rows(`SELECT drop_expired_partitions('diary', $1)`, [utcDayAfter(clock.nowMs(), 10)]);
    expect(await held()).toEqual(['covered']);
    await retention.rows(`DELETE FROM expiring_table WHERE name = 'letter'`);
    await write('letter', newId(), 'unknown').catch(() => undefined);
    await retention.rows(`SELECT create_expiry_partition('letter', '2026-01-01')`);
    await expect(retention.rows(`SELECT drop_expired_partitions('letter', '2026-02-01')`)).rejects.toThrow(/is unknown/);
  });

  it('D5: more rows than fit into one step are all kept, in steps that each end', async () => {
    await retention.hold({ organisationId: mine });
    await retention.rows(`INSERT INTO diary SELECT n, $1, $2, $3, 'line ' || n FROM generate_series(100001, 112000) n`, [
      utcDayAfter(clock.nowMs(), WINDOW_DAYS),
      mine,
      clock.now(),
    ]);
    await pass();
    expect(await held()).toHaveLength(12_000);
    const [receipt] = await retention.rows<{ held: number }>(
      `SELECT held::int FROM retention_receipt WHERE store = 'diary' AND action = 'purged' AND held > 0 ORDER BY id DESC LIMIT 1`,
    );
    expect(receipt).toEqual({ held: 12_000 });
  });

  it('D5: rows that are deleted one by one are kept as well', async () => {
    const ann = await account();
    await retention.hold({ accountId: ann, dataClasses: ['account_profile'] });
    await retention.rows(
      `INSERT INTO membership (organisation_id, account_id, role, source, created_at, updated_at) VALUES ($1, $2, 'viewer', 'founder', now(), now())`,
      [mine, ann],
    );
    await retention.rows('DELETE FROM membership WHERE account_id = $1', [ann]);
    const rows = await retention.rows(`SELECT source, kept ->> 'role' AS role FROM held_row`);
    expect(rows).toEqual([{ source: 'membership', role: 'viewer' }]);
  });
});

describe('a deletion under a legal hold', () => {
  it('D5: of an account or an organisation that a hold names is refused by the database, and of others is not', async () => {
    const [ann, bob] = [await account(), await account()];
    await retention.hold({ accountId: ann, dataClasses: ['security_log'] });
    await retention.hold({ organisationId: mine });
    await expect(retention.rows('DELETE FROM account WHERE id = $1', [ann])).rejects.toThrow(/a legal hold names it/);
    await expect(retention.rows('DELETE FROM organisation WHERE id = $1', [mine])).rejects.toThrow(/a legal hold names it/);
    await retention.rows('DELETE FROM account WHERE id = $1', [bob]);
    await retention.rows('DELETE FROM organisation WHERE id = $1', [theirs]);
  });

  it('D5: asks first, and is told which matters stand in its way', async () => {
    const ann = await account();
    const holds = new CommittedLegalHolds(retention.holds);
    const asking = (scope: Parameters<CommittedLegalHolds['assertFree']>[1]) =>
      retention.unitOfWork
        .asSystem((tx) => holds.assertFree(tx, scope))
        .then(
          () => 'free',
          (error: unknown) => (error as { code: string; details: { matters: unknown } }).code,
        );
    await retention.hold({ organisationId: mine, accountId: ann, dataClasses: ['account_profile'], matter: 'LIT-7' });
    expect(await asking({ accountId: ann })).toBe('retention/held');
    expect(await asking({ organisationId: mine, dataClass: 'account_profile' })).toBe('retention/held');
    expect(await asking({ organisationId: mine, dataClass: 'payload' })).toBe('free');
    expect(await asking({ organisationId: theirs, accountId: ann })).toBe('free');
    expect(await asking({ organisationId: theirs })).toBe('free');
  });
});

describe('placing and releasing', () => {
  it.each([
    ['nobody', {}, 'organisationId'],
    ['an organisation that is not there', { organisationId: newId<OrganisationId>() }, 'organisationId'],
    ['an end before the beginning', { organisationId: 'mine', fromAt: new Date(START), toAt: new Date(START) }, 'to'],
    ['a class of which nothing can be held', { organisationId: 'mine', dataClasses: ['billing_record'] }, 'dataClasses'],
  ] as const)('refuses a hold on %s, names the field, and changes nothing', async (_what, given, field) => {
    const request = 'organisationId' in given && given.organisationId === 'mine' ? { ...given, organisationId: mine } : given;
    const before = await retention.rows('SELECT FROM legal_hold');
    const refused = await retention.hold(request as Parameters<TestRetention['hold']>[0]).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'lethe/invalid_request', details: { errors: [{ field }] } });
    expect(await retention.rows('SELECT FROM legal_hold')).toHaveLength(before.length);
  });

  it('D5: whoever asks for the release cannot agree to it, by the application and by the database', async () => {
    const hold = await retention.hold({ organisationId: mine });
    const operator = await retention.operator();
    await retention.releasing.request(hold.id, operator);
    await expect(retention.releasing.approve(hold.id, operator)).rejects.toMatchObject({ code: 'retention/four_eyes' });
    const update = 'UPDATE legal_hold SET released_by = release_requested_by, released_at = now() WHERE id = $1';
    await expect(retention.rows(update, [hold.id])).rejects.toThrow(/legal_hold_released_by_another/);
    await expect(retention.rows('DELETE FROM legal_hold WHERE id = $1', [hold.id])).rejects.toThrow(/released, not deleted/);
    await retention.releasing.approve(hold.id, await retention.operator());
    await expect(retention.rows('UPDATE legal_hold SET released_at = NULL, released_by = NULL WHERE id = $1', [hold.id])).rejects.toThrow(
      /stays so/,
    );
  });

  it('D5: no purge that began without the hold ends after it was placed', async () => {
    await write('diary', mine, 'covered');
    const purge = await retention.owner.connect();
    await purge.query('BEGIN');
    await purge.query(`SELECT copy_held_rows('diary', $1, 10)`, [utcDayAfter(clock.nowMs(), WINDOW_DAYS)]);
    let isPlaced = false;
    const placing = retention.hold({ organisationId: mine }).then(() => {
      isPlaced = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isPlaced).toBe(false);
    await purge.query('COMMIT');
    purge.release();
    await placing;
  });

  it('D4, D5: survives a restore of a database from before it, and so does its release', async () => {
    const hold = await retention.hold({ organisationId: mine });
    await retention.release(hold);
    const records = await retention.rows<{ kind: string; subject_id: string; detail: Record<string, never> }>(
      `SELECT kind, subject_id, detail FROM erasure WHERE subject_id = $1 ORDER BY id`,
      [hold.id],
    );
    await retention.all.run();
    await retention.rows('DELETE FROM legal_hold WHERE id = $1', [hold.id]);
    for (const { kind, subject_id: subjectId, detail } of records) {
      const replayer = [new ReplayPlacedHold(retention.holds), new ReplayReleasedHold(retention.holds)].find((each) => each.kind === kind);
      await retention.unitOfWork.asSystem(async (tx) =>
        replayer?.replay(tx, { id: newId(), kind, subjectId, detail, recordedAt: clock.now() }),
      );
    }
    const [again] = await retention.rows(
      'SELECT organisation_id, matter, data_classes, released_at IS NOT NULL AS over FROM legal_hold WHERE id = $1',
      [hold.id],
    );
    expect(again).toEqual({ organisation_id: mine, matter: 'M-1', data_classes: ['request_metadata'], over: true });
  });

  it('A3: a tenant sees the holds that name it, changes none, and never sees what is kept', async () => {
    const hold = await retention.hold({ organisationId: mine });
    expect((await retention.reading.listOf(mine, undefined, 10)).map(({ id }) => id)).toEqual([hold.id]);
    expect(await retention.reading.listOf(theirs, undefined, 10)).toEqual([]);
    await expect(retention.unitOfWork.forOrganisation(mine, (tx) => tx.query('SELECT FROM held_row'))).rejects.toThrow(/permission denied/);
    await expect(retention.unitOfWork.forOrganisation(mine, (tx) => tx.query('UPDATE legal_hold SET released_at = now()'))).rejects.toThrow(
      /permission denied/,
    );
  });
});
