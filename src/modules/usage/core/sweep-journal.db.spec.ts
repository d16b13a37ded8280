import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { TestRetention } from '../../../../test/harness/retention.js';
import { fixedWindows } from '../../../../test/harness/windows.js';
import type { LegalHolds } from '../../../contracts/legal-holds.js';
import { DAY_MS, ManualClock, utcDayAfter } from '../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import type { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { IntentRow } from './call-rows.js';
import { Journal, type JournalEntry } from './journal.js';
import { SweepJournal } from './sweep-journal.js';

const START = Date.parse('2026-03-14T12:00:00Z');
const CALLS = {
  table: 'call_record',
  window: { dataClass: 'request_metadata' },
  writtenAt: 'started_at',
  organisation: 'organisation_id',
} as const;

let database: TestDatabase;
let directory: string;
let clock: ManualClock;
let retention: TestRetention;
let sweep: SweepJournal;
let journal: Journal;
let organisationId: OrganisationId;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database?.drop());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-sweep-journal-'));
  clock = new ManualClock(START);
  const settings = Object.assign(new Settings(), { dataDirectory: directory });
  // The one is part of the other.
  const unitOfWork = { asSystem: (work) => retention.unitOfWork.asSystem(work) } as UnitOfWork;
  const holds = { covering: (tx, scope) => retention.legalHolds.covering(tx, scope) } as LegalHolds;
  sweep = new SweepJournal(settings, holds, unitOfWork);
  const windows = fixedWindows({ request_metadata: 3, audit_log: 30 });
  retention = await TestRetention.open(database.url, { clock, tables: [CALLS], sweeps: [sweep], windows });
  await retention.all.run();
  organisationId = newId<OrganisationId>();
  await retention.rows(
    `INSERT INTO organisation (id, slug, name, kind, status, created_at, updated_at) VALUES ($1::uuid, $1::text, 'o', 'customer', 'active', now(), now())`,
    [organisationId],
  );
  journal = new Journal(join(directory, 'journal', 'instance'));
});

afterEach(async () => {
  await retention.rows('DELETE FROM retention_receipt; DELETE FROM retention_progress; DELETE FROM retention_store');
  await retention.close();
  rmSync(directory, { recursive: true, force: true });
});

function entry(writtenMs: number, whose = newId<OrganisationId>()): JournalEntry {
  const row = { id: newId(), organisation_id: whose, started_at: new Date(writtenMs).toISOString(), expires_on: utcDayAfter(writtenMs, 3) };
  return { intent: row as unknown as IntentRow };
}

async function receipts(): Promise<unknown[]> {
  clock.advance(3_600_000);
  await retention.sweeping.run(new AbortController().signal);
  return retention.rows(
    `SELECT action, rows::int, bytes::int, remaining::int FROM retention_receipt WHERE store = 'files.journal' AND rows > 0 ORDER BY id`,
  );
}

const folder = () => join(directory, 'journal', 'instance');

it('D2: what PostgreSQL refused goes with the day its record would have gone, with a receipt, and nothing before', async () => {
  const old = entry(START);
  await journal.setAside(old);
  await journal.setAside(entry(START + DAY_MS));
  expect(await sweep.oldestSurvivor()).toEqual({ writtenAt: new Date(START), dueAt: new Date(Date.parse('2026-03-18')) });
  expect(await sweep.entries()).toBe(2);
  clock.advance(3 * DAY_MS);
  await retention.ownSweeping.run();
  expect(readdirSync(folder())).toEqual(['rejected-2026-03-17.jsonl', 'rejected-2026-03-18.jsonl']);
  clock.advance(DAY_MS);
  await retention.ownSweeping.run();
  expect(readdirSync(folder())).toEqual(['rejected-2026-03-18.jsonl']);
  const bytes = Buffer.byteLength(`${JSON.stringify(old)}\n`);
  expect(await receipts()).toEqual([{ action: 'swept', rows: 1, bytes, remaining: 1 }]);
  clock.advance(DAY_MS);
  await retention.ownSweeping.run();
  expect(existsSync(folder())).toBe(false);
  expect(readdirSync(join(directory, 'journal'))).toEqual([]);
});

it('D2: what waits to be replayed is left alone, and is overdue when nobody has replayed it', async () => {
  await journal.append([entry(START)]);
  clock.advance(6 * DAY_MS);
  await retention.ownSweeping.run();
  expect(await journal.takeOldest()).toMatchObject({ entries: [{}] });
  expect(retention.lines.filter((line) => line.includes('something is kept past its time'))).toHaveLength(1);
});

it('D2: a copy whose writer died goes when nobody can be writing it any more', async () => {
  const folder = join(directory, 'journal', 'gone');
  mkdirSync(folder, { recursive: true });
  const copies = ['rejected-2026-03-01.jsonl.0123456789ab.tmp', 'rejected-2026-03-01.jsonl.ba9876543210.tmp'].map((name) =>
    join(folder, name),
  );
  for (const [index, copy] of copies.entries()) {
    writeFileSync(copy, '{"id":"half');
    const at = new Date(START - (index === 0 ? 61 : 59) * 60_000);
    utimesSync(copy, at, at);
  }
  await retention.ownSweeping.run();
  expect(copies.map((copy) => existsSync(copy))).toEqual([false, true]);
});

it('D5: what a legal hold covers stays, nothing beside it does, and it goes when the hold is over', async () => {
  await journal.setAside(entry(START, organisationId));
  await journal.setAside(entry(START));
  const hold = await retention.hold({ organisationId });
  clock.advance(6 * DAY_MS);
  await retention.ownSweeping.run();
  await retention.ownSweeping.run();
  const left = readFileSync(join(folder(), 'rejected-2026-03-17.jsonl'), 'utf8');
  expect(left.trim().split('\n')).toHaveLength(1);
  expect(left).toContain(organisationId);
  expect(await sweep.oldestSurvivor()).toBeNull();
  await retention.release(hold);
  await retention.ownSweeping.run();
  expect(existsSync(folder())).toBe(false);
  expect(await receipts()).toMatchObject([{ action: 'swept', rows: 2, remaining: 0 }]);
});
