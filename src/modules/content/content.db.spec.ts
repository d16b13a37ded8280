import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AS_FAILED_INPUT, AS_PAYLOAD, TestContent } from '../../../test/harness/content.js';
import { DAY_MS, ManualClock } from '../../kernel/clock.js';
import { type CallId, newId } from '../../kernel/ids.js';
import { rotateLocalRootKey } from '../../platform/kms/root-key-file.js';
import { ReplayKeyDestruction } from './core/keys/replay-key-destruction.js';
import { KeepContentKeysJob } from './jobs/keep-content-keys.job.js';
const UNBOUNDED = new AbortController().signal;
let content: TestContent;
let clock: ManualClock;

beforeAll(async () => {
  clock = new ManualClock(Date.now());
  content = await TestContent.start({ clock, settings: { contentKeyDays: 20, contentMaxBytes: 1_048_576 } });
});
afterAll(() => content?.stop());
beforeEach(() => {
  content.kms.mode = 'up';
});

const rows = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await content.app.owner.query<T>(sql, values)).rows;
const keysOf = (organisationId = content.organisationId) =>
  rows<{ version: number; kms_key_id: string | null; retired_at: Date | null; destroyed_at: Date | null }>(
    'SELECT version, kms_key_id, retired_at, destroyed_at FROM content_key WHERE organisation_id = $1 ORDER BY version',
    [organisationId],
  );

describe('content that is kept', () => {
  it('comes back as it was said, text or not, in one piece or many', async () => {
    const bytes = randomBytes(200_000);
    const text = await content.kept();
    const binary = await content.kept({ request: bytes, answer: [bytes.subarray(0, 5), bytes.subarray(5)] });
    expect((await content.read(text)).body).toMatchObject({
      store: 'payload',
      request: { encoding: 'utf8', body: expect.stringContaining('a word nobody else says'), cut: false },
      answer: { body: '{"choices":[]}' },
    });
    const { body } = await content.read(binary);
    expect(Buffer.from(body.request.body, 'base64').equals(bytes)).toBe(true);
    expect(Buffer.from(body.answer?.body ?? '', 'base64').equals(bytes)).toBe(true);
  });

  it('is cut where it is longer than is kept, and says so', async () => {
    const id = await content.kept({
      request: Buffer.alloc(3_000_000, 'q'),
      answer: [Buffer.alloc(600_000, 'a'), Buffer.alloc(600_000, 'b')],
    });
    const { body } = await content.read(id);
    expect([body.request.cut, body.request.body.length, body.answer?.cut, body.answer?.body.length]).toEqual([
      true,
      1_048_576,
      true,
      1_048_576,
    ]);
    expect(body.answer?.body.endsWith('b')).toBe(true);
  });

  it('C1: is ciphertext in the database, of which no byte was plain before it was written', async () => {
    const id = await content.kept();
    const [row] = await rows<{ sealed: Buffer }>('SELECT sealed FROM call_payload WHERE call_id = $1', [id]);
    expect(row?.sealed.includes('nobody else')).toBe(false);
  });

  it('C2: an input that failed is freed of secrets, those of the call itself included', async () => {
    const key = `lethe_sk_${randomBytes(12).toString('hex')}`;
    const request = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: `use ${key}, password=hunter2hunter2` }] }));
    const id = await content.kept({ request, answer: null, secrets: [key] }, AS_FAILED_INPUT);
    const { body } = await content.read(id);
    expect([body.store, body.redacted, body.answer]).toEqual(['failed_input', true, null]);
    expect(body.request.body).not.toContain(key);
    expect(body.request.body).not.toContain('hunter2hunter2');
    expect(body.request.body).toContain('messages');
  });

  it('C2: an input that cannot be read for secrets is not kept at all, and is counted', async () => {
    const before = await content.dropped('not_redacted');
    const { id, taken } = content.take({ request: Buffer.alloc(20_000_000, 'x'), answer: null }, AS_FAILED_INPUT);
    expect(taken).toBe(true);
    await content.app.until(async () => (await content.dropped('not_redacted')) === before + 1);
    expect(await content.count(AS_FAILED_INPUT, id)).toBe(0);
  });
});

describe('C4: the rows of content', () => {
  it('do not open in the place of another call, another organisation or another table', async () => {
    const [one, two] = [await content.kept(), await content.kept()];
    const other = await content.app.organisation();
    const theirs = await content.kept({ organisationId: other });
    const failed = await content.kept({}, AS_FAILED_INPUT);
    const take = (from: string, to: string, table = 'call_payload') =>
      rows(`UPDATE call_payload SET sealed = (SELECT sealed FROM ${table} WHERE call_id = $1) WHERE call_id = $2`, [from, to]);
    for (const [from, table] of [
      [two, 'call_payload'],
      [theirs, 'call_payload'],
      [failed, 'call_failed_input'],
    ] as const) {
      await take(from, one, table);
      expect([from, await content.read(one)]).toMatchObject([from, { status: 500, body: { code: 'content/unreadable' } }]);
    }
    expect((await content.read(theirs, other)).status).toBe(200);
  });

  it('A3: are not there for another organisation', async () => {
    const id = await content.kept();
    expect(await content.read(id, await content.app.organisation())).toMatchObject({ status: 404, body: { code: 'content/not_kept' } });
  });

  it.each(['lethe_app', 'lethe_system'])('C3: are out of reach of %s, which reads usage, and so are the keys', async (role) => {
    const client = new pg.Client({ connectionString: content.app.database.url, options: `-c role=${role}` });
    await client.connect();
    for (const sql of [
      'SELECT sealed FROM call_payload',
      'SELECT call_id FROM call_failed_input',
      'SELECT call_id FROM call_granted_content',
      'SELECT wrapped_key FROM content_key',
    ])
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });

  it('C3: whoever reads content reads nothing else', async () => {
    const client = new pg.Client({ connectionString: content.app.database.url, options: '-c role=lethe_content' });
    await client.connect();
    for (const table of ['call_record', 'organisation', 'provider_credential', 'audit_event'])
      await expect(client.query(`SELECT * FROM ${table}`), table).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });
});

describe('C7: reading', () => {
  it('is in the audit log with its purpose, and names nothing of what was read', async () => {
    const id = await content.kept();
    await content.read(id);
    const found = await rows<{ detail: object; event: string }>(
      `SELECT detail, to_jsonb(e)::text AS event FROM audit_event e WHERE action = 'content.read' AND target_id = $1`,
      [id],
    );
    expect(found.map(({ detail }) => detail)).toEqual([{ purpose: 'security_review', store: 'payload', grantId: null }]);
    expect(found[0]?.event).not.toContain('nobody');
  });

  it('shows nothing when it cannot be written down', async () => {
    const id = await content.kept();
    await rows(`ALTER TABLE audit_event ADD CONSTRAINT full_up CHECK (action <> 'content.read') NOT VALID`);
    const { status, body } = await content.read(id);
    await rows('ALTER TABLE audit_event DROP CONSTRAINT full_up');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).not.toContain('nobody else');
  });

  it.each(['', '?purpose=', '?purpose=training', '?purpose=call_completion', '?purpose=evaluation'])(
    'for no purpose of the list (%j) is refused',
    async (query) => {
      const id = await content.kept();
      const answer = await content.app.request('GET', `/organisations/${content.organisationId}/calls/${id}/content${query}`);
      expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([400, expect.stringContaining('purpose')]);
    },
  );

  it('C5: staff who say the customer asked them to need a grant that covers the call', async () => {
    const id = await content.kept();
    const path = `/organisations/${content.organisationId}/calls/${id}/content?purpose=customer_authorised_troubleshooting`;
    expect((await content.app.request('GET', path)).json()).toMatchObject({ code: 'content/grant_required' });
    const grant = { scope: 'organisation', scopeId: content.organisationId, reason: 'wrong_answers', hours: 1 };
    expect((await content.app.request('POST', `/organisations/${content.organisationId}/troubleshooting-grants`, grant)).statusCode).toBe(
      201,
    );
    await content.app.until(async () => (await content.app.request('GET', path)).statusCode === 200);
  });
});

describe('content keys', () => {
  it('C4: are rotated by age, and what older versions sealed stays readable', async () => {
    const old = await content.kept();
    clock.advance(21 * DAY_MS);
    await rows(`SELECT create_expiry_partition('audit_event', (to_timestamp($1::bigint / 1000) AT TIME ZONE 'UTC')::date + 365)`, [
      clock.nowMs(),
    ]);
    const job = content.app.get(KeepContentKeysJob);
    await job.run(UNBOUNDED);
    await job.run(UNBOUNDED);
    expect((await keysOf()).map(({ version, retired_at }) => [version, retired_at !== null])).toEqual([
      [1, true],
      [2, false],
    ]);
    await content.app.until(async () => (await content.read(await content.kept())).body.keyVersion === 2);
    expect((await content.read(old)).body.keyVersion).toBe(1);
  });

  it('K3: follow a rotation of the root key, and content stays readable', async () => {
    const id = await content.kept();
    const current = await rotateLocalRootKey(content.app.rootKeyPath);
    content.kms.mode = 'down';
    await expect(content.app.get(KeepContentKeysJob).run(UNBOUNDED)).rejects.toMatchObject({ code: 'kms/unavailable' });
    content.kms.mode = 'up';
    await content.app.get(KeepContentKeysJob).run(UNBOUNDED);
    expect(new Set((await keysOf()).map((key) => key.kms_key_id))).toEqual(new Set([current]));
    expect((await content.read(id)).status).toBe(200);
  });

  it('two rotations at once leave one new version, and one refusal at most', async () => {
    const organisationId = await content.app.organisation();
    await content.kept({ organisationId });
    const rotate = () => content.app.request('POST', `/organisations/${organisationId}/content-keys/rotate`);
    const statuses = (await Promise.all([rotate(), rotate()])).map((answer) => answer.statusCode);
    expect(statuses.every((status) => [200, 409].includes(status))).toBe(true);
    expect((await keysOf(organisationId)).filter((key) => key.retired_at === null)).toHaveLength(1);
  });

  it('are made once however many calls of an organisation come first', async () => {
    const organisationId = await content.app.organisation();
    await Promise.all(Array.from({ length: 40 }, () => content.kept({ organisationId })));
    expect(await keysOf(organisationId)).toHaveLength(1);
  });
});

describe('C4: destroying a key', () => {
  async function withContent() {
    const organisationId = await content.app.organisation();
    const id = await content.kept({ organisationId });
    const destroy = (version = '') => content.app.request('DELETE', `/organisations/${organisationId}/content-keys${version}`);
    return { organisationId, id, destroy };
  }

  it('destroys what was sealed under it: 410, and no key is left in the table or its file', async () => {
    const { organisationId, id, destroy } = await withContent();
    const [before] = await rows<{ wrapped_key: Buffer }>('SELECT wrapped_key FROM content_key WHERE organisation_id = $1', [
      organisationId,
    ]);
    expect((await destroy()).statusCode).toBe(200);
    expect(await content.read(id, organisationId)).toMatchObject({ status: 410, body: { code: 'content/destroyed' } });
    // At once where nobody looks at the table at that moment, else with the next of these.
    await content.app.until(async () => {
      await rows('CHECKPOINT');
      const [file] = await rows<{ bytes: Buffer }>(`SELECT pg_read_binary_file(pg_relation_filepath('content_key')) AS bytes`);
      if (!file?.bytes.includes(before?.wrapped_key ?? '')) return true;
      await rows(`SELECT rewrite_table('content_key', 67108864)`);
      return false;
    });
    expect(
      (await rows('SELECT detail FROM erasure WHERE kind = $1 AND subject_id = $2', ['content_key.destroyed', organisationId])).length,
    ).toBe(1);
    const audited = await rows(`SELECT 1 FROM audit_event WHERE action = 'content_key.destroyed' AND organisation_id = $1`, [
      organisationId,
    ]);
    expect(audited.length).toBe(1);
  });

  it('leaves other versions alone, and the next content begins a new one', async () => {
    const { organisationId, id, destroy } = await withContent();
    await content.app.request('POST', `/organisations/${organisationId}/content-keys/rotate`);
    await content.app.until(async () => (await content.read(await content.kept({ organisationId }), organisationId)).body.keyVersion === 2);
    expect((await destroy('/1')).statusCode).toBe(200);
    expect((await content.read(id, organisationId)).status).toBe(410);
    expect((await destroy('/2')).statusCode).toBe(200);
    await content.app.until(async () => (await content.read(await content.kept({ organisationId }), organisationId)).body.keyVersion === 3);
  });

  it('that is not there is a 404, and destroying twice changes nothing', async () => {
    const { organisationId, destroy } = await withContent();
    expect((await destroy('/7')).json()).toMatchObject({ code: 'content/key_not_found' });
    for (let times = 0; times < 2; times += 1) expect((await destroy('/1')).statusCode).toBe(200);
    expect((await rows('SELECT 1 FROM erasure WHERE subject_id = $1', [organisationId])).length).toBe(1);
  });

  it('D5: is refused while a legal hold covers content, and allowed under a hold of something else', async () => {
    const { organisationId, id, destroy } = await withContent();
    const operator = newId();
    await rows(
      `INSERT INTO operator (id, name, status, role, created_at, updated_at) VALUES ($1, $2, 'active', 'administrator', now(), now())`,
      [operator, `o-${operator}`],
    );
    const hold = (classes: string[]) =>
      rows(
        `INSERT INTO legal_hold (id, matter, reason, organisation_id, data_classes, placed_by, placed_at)
         VALUES (gen_random_uuid(), 'M-1', 'litigation', $1, $2, $3, now())`,
        [organisationId, classes, operator],
      );
    await hold(['payload']);
    expect((await destroy()).json()).toMatchObject({ status: 409, code: 'retention/held' });
    expect((await content.read(id, organisationId)).status).toBe(200);
    const other = await withContent();
    await rows(
      `INSERT INTO legal_hold (id, matter, reason, organisation_id, data_classes, placed_by, placed_at)
       VALUES (gen_random_uuid(), 'M-2', 'litigation', $1, '{billing_record}', $2, now())`,
      [other.organisationId, operator],
    );
    expect((await other.destroy()).statusCode).toBe(200);
  });

  it('D4: is done again on a database restored from before it', async () => {
    const { organisationId, id } = await withContent();
    const erasure = {
      id: newId(),
      kind: 'content_key.destroyed',
      subjectId: organisationId,
      detail: { version: 1 },
      recordedAt: new Date(),
    };
    for (let times = 0; times < 2; times += 1)
      await content.app.unitOfWork.asSystem((tx) => content.app.get(ReplayKeyDestruction).replay(tx, erasure));
    expect((await content.read(id, organisationId)).status).toBe(410);
  });
});

describe('when something is away', () => {
  it('the key management service: content waits, of this organisation alone, and is written when it is back', async () => {
    const organisationId = await content.app.organisation();
    const known = await content.kept();
    content.kms.mode = 'down';
    const waiting = content.take({ organisationId });
    expect(waiting.taken).toBe(true);
    expect(await content.kept()).not.toBe(known);
    expect(await content.count(AS_PAYLOAD, waiting.id)).toBe(0);
    content.kms.mode = 'up';
    await content.app.until(async () => (await content.count(AS_PAYLOAD, waiting.id)) === 1);
  });

  it('the key management service for longer than a minute: content is dropped, and counted', async () => {
    const before = await content.dropped('no_key');
    content.kms.mode = 'down';
    const { id } = content.take({ organisationId: await content.app.organisation() });
    await new Promise((resolve) => setTimeout(resolve, 100));
    clock.advance(61_000);
    await content.app.until(async () => (await content.dropped('no_key')) === before + 1);
    content.kms.mode = 'up';
    expect(await content.count(AS_PAYLOAD, id)).toBe(0);
  });

  it('the database, for content: it waits in memory, and is written once it takes it again', async () => {
    await content.kept();
    await rows('ALTER TABLE call_payload RENAME TO call_payload_away');
    const { id } = content.take();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await rows('ALTER TABLE call_payload_away RENAME TO call_payload');
    await content.app.until(async () => (await content.count(AS_PAYLOAD, id)) === 1);
    expect(content.app.lines.some((line) => line.includes('content waits for the database'))).toBe(true);
    expect(content.app.lines.join('')).not.toContain('nobody else');
  });
});

describe('bounds', () => {
  const MEMORY = 1_048_576;
  let small: TestContent;

  beforeAll(async () => {
    small = await TestContent.start({ settings: { contentMemoryBytes: MEMORY, contentMaxBytes: 400_000 } });
  });
  afterAll(() => small?.stop());

  const large = () => ({ request: Buffer.alloc(390_000, 'q'), answer: [] });

  it('content past the room there is is dropped at once and counted, and the room comes back with what is written', async () => {
    small.kms.mode = 'down';
    const taken = [small.take(large()), small.take(large()), small.take(large())];
    expect(taken.map((call) => call.taken)).toEqual([true, true, false]);
    expect(await small.dropped('no_room')).toBe(1);
    small.kms.mode = 'up';
    await small.app.until(async () => (await small.count(AS_PAYLOAD, taken[1]?.id as CallId)) === 1);
    // The database knows a moment before the process has heard of it.
    await small.app.until(() => small.take(large()).taken);
  });

  it('a stream is collected up to its bound, and no further than there is room', async () => {
    await small.kept();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const captures = [small.keeper.capture(), small.keeper.capture(), small.keeper.capture()];
    for (const capture of captures) for (let piece = 0; piece < 50; piece += 1) capture?.add(Buffer.alloc(10_000, 'x'));
    const sizes = captures.map((capture) => Buffer.concat([...(capture?.pieces ?? [])]).length);
    expect(sizes.slice(0, 2)).toEqual([400_000, 400_000]);
    expect(sizes[2]).toBeLessThanOrEqual(MEMORY - 800_000);
    expect(captures.every((capture) => capture?.isCut)).toBe(true);
    for (const capture of captures) capture?.release();
    expect(small.take(large()).taken).toBe(true);
  });

  it('a stop writes what was taken, and takes no more', async () => {
    const last = await TestContent.start();
    const calls = Array.from({ length: 500 }, () => last.take());
    await last.keeper.stop(10_000);
    expect(last.take().taken).toBe(false);
    const [row] = (await last.app.owner.query<{ count: number }>('SELECT count(*)::int AS count FROM call_payload')).rows;
    expect(row?.count).toBe(calls.length);
    await last.stop();
  });

  it('a stop while there is no key ends in its time, and counts what is lost', async () => {
    const last = await TestContent.start();
    last.kms.mode = 'down';
    last.take();
    const began = performance.now();
    await last.keeper.stop(300);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await last.dropped('stopping')).toBe(1);
    await last.stop();
  });
});
