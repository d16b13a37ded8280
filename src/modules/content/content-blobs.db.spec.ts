import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AS_FAILED_INPUT, AS_PAYLOAD, TestContent } from '../../../test/harness/content.js';
import { sweepStore } from '../../../test/harness/sweeps.js';
import { DAY_MS, utcDay, utcDayAfter } from '../../kernel/clock.js';
import { type CallId, newId } from '../../kernel/ids.js';
import { SweepBlobs } from './core/keeping/sweep-blobs.js';

const BLOB_BYTES = 200_000;
const HOUR_MS = 3_600_000;
let content: TestContent;

beforeAll(async () => {
  content = await TestContent.start({ settings: { contentBlobBytes: BLOB_BYTES, contentMaxBytes: 2_000_000 } });
});
afterAll(() => content?.stop());
beforeEach(() => {
  content.kms.mode = 'up';
  content.blobs.isAway = false;
});

const rows = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await content.app.owner.query<T>(sql, values)).rows;

/** Paths below the blob store, unfinished ones included. */
function objects(having = ''): string[] {
  const found = readdirSync(content.blobs.folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(having));
}

function objectOf(id: CallId): string {
  const [path] = objects(id);
  if (path === undefined) throw new Error('there is no object of this call');
  return path;
}

/** Words enough for the blob store. */
function large(marker = 'a line that only this call has'): { request: Buffer; answer: Buffer[] } {
  const text = Array.from({ length: 6_000 }, (_, line) => `${marker} ${line} ${(line * 2_654_435_761).toString(36)}`).join('\n');
  return { request: Buffer.from(text), answer: [Buffer.from(text.slice(0, 70_000)), Buffer.from(text.slice(70_000, 150_000))] };
}

const sweep = (atMs: number) => sweepStore(content.app.get(SweepBlobs), atMs);

describe('C4: content above a size', () => {
  it('lies in the blob store, sealed, under its day and organisation, and comes back whole, text or not', async () => {
    const text = large();
    const bytes = randomBytes(1_500_000);
    const [one, two] = [
      await content.kept(text),
      await content.kept({ request: bytes, answer: [bytes.subarray(0, 9), bytes.subarray(9)] }),
    ];
    expect(objectOf(one)).toMatch(
      new RegExp(`/content/[0-9a-f-]{36}/${utcDayAfter(Date.now(), 30)}/${content.organisationId}/payload\\.${one}$`),
    );
    const sealed = readFileSync(objectOf(one));
    expect(sealed.length).toBeLessThan(text.request.length);
    expect([sealed.includes('a line that'), sealed.includes('bGluZSB0aGF0')]).toEqual([false, false]);
    expect(await rows('SELECT sealed, blob_day::text AS day, answer_bytes FROM call_payload WHERE call_id = $1', [one])).toEqual([
      { sealed: null, day: utcDayAfter(Date.now(), 30), answer_bytes: 150_000 },
    ]);
    const [first, second] = [(await content.read(one)).body, (await content.read(two)).body];
    expect([first.request.body, first.answer?.body]).toEqual([text.request.toString(), Buffer.concat(text.answer).toString()]);
    expect(Buffer.from(second.request.body, 'base64').equals(bytes)).toBe(true);
    expect(Buffer.from(second.answer?.body ?? '', 'base64').equals(bytes)).toBe(true);
  });

  it('does not at the size itself, nor below', async () => {
    const id = await content.kept({ request: Buffer.alloc(BLOB_BYTES - 10, 'q'), answer: [Buffer.alloc(10, 'a')] });
    expect(objects(id)).toEqual([]);
    expect((await content.read(id)).body.request.body.length).toBe(BLOB_BYTES - 10);
  });

  it('C2: is freed of secrets first, when the rule says so', async () => {
    const request = Buffer.from(
      JSON.stringify({ messages: [{ role: 'user', content: `password=hunter2hunter2 ${'word '.repeat(60_000)}` }] }),
    );
    const id = await content.kept({ request, answer: null }, AS_FAILED_INPUT);
    expect(objectOf(id)).toContain('/failed_input.');
    const { body } = await content.read(id);
    expect([body.redacted, body.request.body.includes('hunter2hunter2'), body.answer]).toEqual([true, false, null]);
  });

  it('opens for no other call, and damage and absence are told apart from each other', async () => {
    const [one, two, three] = [await content.kept(large()), await content.kept(large()), await content.kept(large())];
    writeFileSync(objectOf(one), readFileSync(objectOf(two)));
    expect(await content.read(one)).toMatchObject({ status: 500, body: { code: 'content/unreadable' } });
    const sealed = readFileSync(objectOf(two));
    writeFileSync(objectOf(two), sealed.subarray(0, sealed.length - 1));
    expect(await content.read(two)).toMatchObject({ status: 500, body: { code: 'content/unreadable' } });
    await content.blobs.delete(objectOf(three).slice(content.blobs.folder.length + 1));
    expect(await content.read(three)).toMatchObject({ status: 410, body: { code: 'content/gone' } });
    expect(await content.read(newId<CallId>())).toMatchObject({ status: 404, body: { code: 'content/not_kept' } });
  });

  it('cannot be read once its key is destroyed, though its object is there', async () => {
    const organisationId = await content.app.organisation();
    const id = await content.kept({ organisationId, ...large() });
    expect((await content.app.request('DELETE', `/organisations/${organisationId}/content-keys`)).statusCode).toBe(200);
    expect(objects(id)).toHaveLength(1);
    expect(await content.read(id, organisationId)).toMatchObject({ status: 410, body: { code: 'content/destroyed' } });
  });
});

describe('while the blob store is away', () => {
  it('large content waits, small content does not, and readers are told', async () => {
    const known = await content.kept(large());
    content.blobs.isAway = true;
    const waiting = content.take(large());
    expect(waiting.taken).toBe(true);
    await content.kept();
    expect(await content.count(AS_PAYLOAD, waiting.id)).toBe(0);
    expect(await content.read(known)).toMatchObject({ status: 503, body: { code: 'blob/unavailable' } });
    content.blobs.isAway = false;
    await content.app.until(async () => (await content.count(AS_PAYLOAD, waiting.id)) === 1);
    expect(content.app.lines.some((line) => line.includes('content waits for the blob store'))).toBe(true);
  });

  it('a stop ends in its time, and counts what is lost', async () => {
    const last = await TestContent.start({ settings: { contentBlobBytes: BLOB_BYTES } });
    last.blobs.isAway = true;
    for (let calls = 0; calls < 4; calls += 1) last.take(large());
    await last.keeper.stop(300);
    await last.app.until(async () => (await last.dropped('stopping')) === 4);
    await last.stop();
  });
});

describe('D2: an object goes with its row', () => {
  it('as soon as the row is purged, and not before', async () => {
    const id = await content.kept(large());
    await sweep(Date.now() + 29 * DAY_MS);
    expect(objects(id)).toHaveLength(1);
    const afterwards = Date.now() + 31 * DAY_MS;
    await rows(`SELECT FROM drop_expired_partitions('call_payload', $1)`, [utcDay(afterwards)]);
    const { bytes } = await sweep(afterwards);
    expect(bytes).toBeGreaterThan(10_000);
    expect(objects(id)).toEqual([]);
    expect(await content.app.get(SweepBlobs).oldestSurvivor(afterwards)).toBeNull();
  });

  it('and at once when the row was filed anew under an earlier day', async () => {
    const id = await content.kept(large());
    await rows(`SELECT create_expiry_partition('call_payload', $1)`, [utcDayAfter(Date.now(), 2)]);
    await rows('UPDATE call_payload SET expires_on = $2 WHERE call_id = $1', [id, utcDayAfter(Date.now(), 2)]);
    expect((await content.read(id)).status).toBe(200);
    await rows(`SELECT FROM drop_expired_partitions('call_payload', $1)`, [utcDayAfter(Date.now(), 3)]);
    await sweep(Date.now() + HOUR_MS);
    expect(objects(id)).toEqual([]);
  });

  it('one whose row was never written goes within the hour, and one that is being written stays', async () => {
    const [kept, lost] = [await content.kept(large()), await content.kept(large())];
    await rows('DELETE FROM call_payload WHERE call_id = $1', [lost]);
    expect(await sweep(Date.now())).toEqual({ rows: 0, bytes: 0 });
    expect(objects(lost)).toHaveLength(1);
    expect(await sweep(Date.now() + HOUR_MS)).toMatchObject({ rows: 1 });
    expect([objects(lost), objects(kept).length]).toEqual([[], 1]);
  });

  it('and what a killed upload has left goes too, of content alone', async () => {
    await content.kept(large());
    const aside = ['content.0a0b0c', 'backups.0a0b0c'].map((name) => join(content.blobs.folder, '.unfinished', name));
    for (const path of aside) {
      writeFileSync(path, 'half');
      utimesSync(path, new Date(), new Date(Date.now() - HOUR_MS));
    }
    await sweep(Date.now());
    expect(aside.map((path) => objects(path).length)).toEqual([0, 1]);
  });

  it('another installation that shares the store is left alone', async () => {
    await content.kept(large());
    const [mine = ''] = objects('/payload.');
    const theirs = join(mine.replace(/content\/[0-9a-f-]{36}/, `content/${newId()}`));
    await content.blobs.put(theirs.slice(content.blobs.folder.length + 1), readFileSync(mine));
    await sweep(Date.now() + 400 * DAY_MS);
    expect(objects(theirs)).toHaveLength(1);
  });
});

describe('D5: an object that a legal hold covers', () => {
  it('stays with the copy of its row, is no survivor meanwhile, and goes when the hold is released', async () => {
    const organisationId = await content.app.organisation();
    const [held, other] = [await content.kept({ organisationId, ...large() }), await content.kept(large())];
    const hold = newId();
    await rows(
      `INSERT INTO expiring_table VALUES ('call_payload', 'payload', 'organisation_id', NULL, 'written_at') ON CONFLICT (name) DO NOTHING`,
    );
    await rows(
      `INSERT INTO legal_hold (id, matter, reason, organisation_id, data_classes, placed_by, placed_at)
       VALUES ($1, 'M-7', 'litigation', $2, '{payload}', gen_random_uuid(), now())`,
      [hold, organisationId],
    );
    const afterwards = Date.now() + 31 * DAY_MS;
    await rows(`SELECT FROM drop_expired_partitions('call_payload', $1)`, [utcDay(afterwards)]);
    await sweep(afterwards);
    expect([objects(held).length, objects(other)]).toEqual([1, []]);
    expect(await content.app.get(SweepBlobs).oldestSurvivor(afterwards)).toBeNull();
    await rows('UPDATE legal_hold SET release_requested_by = gen_random_uuid(), release_requested_at = now() WHERE id = $1', [hold]);
    await rows('UPDATE legal_hold SET released_by = gen_random_uuid(), released_at = now() WHERE id = $1', [hold]);
    await rows('SELECT drop_held_rows($1)', [hold]);
    await sweep(afterwards);
    expect(objects(held)).toEqual([]);
  });
});

describe('A3, C3: what the database says of objects', () => {
  it('lethe_system learns whether there is a row, and nothing of it; lethe_app not even that', async () => {
    const id = await content.kept(large());
    const named = [['call_payload', 'call_payload'], [id, newId()], Array(2).fill(utcDayAfter(Date.now(), 30))];
    const ask = (role: string) =>
      content.app.owner
        .query('BEGIN')
        .then(() => content.app.owner.query(`SET LOCAL ROLE ${role}`))
        .then(() => content.app.owner.query('SELECT content_blobs_in_use($1, $2, $3) AS number', named))
        .finally(() => content.app.owner.query('ROLLBACK'));
    expect((await ask('lethe_system')).rows).toEqual([{ number: '1' }]);
    await expect(ask('lethe_app')).rejects.toMatchObject({ code: '42501' });
    await expect(ask('lethe_content')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('processes that share no blob store', () => {
  it('cut where it would begin, and say so', async () => {
    const apart = await TestContent.start({ settings: { contentBlobBytes: BLOB_BYTES, databaseUrl: 'postgres://elsewhere' } });
    const id = await apart.kept({ request: Buffer.alloc(900_000, 'q'), answer: [Buffer.alloc(10, 'a')] });
    const { body } = await apart.read(id);
    expect([body.request.cut, body.request.body.length, body.answer?.cut]).toEqual([true, BLOB_BYTES, false]);
    expect(readdirSync(apart.blobs.folder)).toEqual([]);
    await apart.stop();
  });
});
