import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { memberOf } from '../harness/organisations.js';

const PROMPT = 'a prompt that nobody else has ever written';
const ask = (change: object = {}) => ({ model: 'scenario:echo', messages: [{ role: 'user', content: PROMPT }], ...change });

interface Kept {
  readonly store: string;
  readonly redacted: boolean;
  readonly request: { readonly body: string; readonly cut: boolean };
  readonly answer: { readonly body: string; readonly cut: boolean } | null;
}

let app: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start({ environment: { LETHE_PROFILE: 'enterprise', LETHE_CONTENT_MAX_BYTES: '100000' } });
});
afterAll(() => app?.stop());
beforeEach(async () => {
  tenant = await app.tenant();
});

/** What is kept of the tenant's one call, once the call is settled; null when nothing is half a second later. */
async function kept(of = tenant): Promise<Kept | null> {
  const [call] = await app.records(of, 1);
  const path = `/organisations/${of.organisationId}/calls/${call?.id}/content?purpose=security_review`;
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await app.api<Kept>('GET', path);
    if (answer.status === 200) return answer.body;
    expect(answer.body).toMatchObject({ code: 'content/not_kept' });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return null;
}

const setting = (change: object, of = tenant) => app.api('PATCH', `/organisations/${of.organisationId}/content-setting`, change);
const retention = (answer: Response) => answer.headers.get('x-lethe-retention');

describe('under a profile and plan that keep payloads', () => {
  it('input and output of a whole answer are kept as they were on the wire, and the header says so', async () => {
    const answer = await app.chat(tenant, ask());
    const text = await answer.text();
    expect(retention(answer)).toBe('payload;days=7');
    expect(await kept()).toMatchObject({ store: 'payload', request: { body: JSON.stringify(ask()) }, answer: { body: text, cut: false } });
  });

  it('those of a stream are kept to the last byte the client got; its header can only foretell', async () => {
    const answer = await app.chat(tenant, ask({ stream: true }));
    const text = await answer.text();
    expect(text).toContain('[DONE]');
    expect(retention(answer)).toBe('payload;days=7;when=succeeded, failed-input;days=7;when=failed');
    expect(await kept()).toMatchObject({ store: 'payload', answer: { body: text, cut: false } });
  });

  it('a long stream is kept up to the bound, in bounded memory, and is marked as cut', async () => {
    const answer = await app.chat(tenant, ask({ stream: true, model: 'scenario:flood,tokens=40' }));
    const text = await answer.text();
    const found = await kept();
    expect([found?.answer?.cut, found?.answer?.body.length, text.startsWith(found?.answer?.body.slice(0, 90_000) ?? '-')]).toEqual([
      true,
      100_000,
      true,
    ]);
  });

  it.each([
    ['an upstream that fails', ask({ model: 'scenario:status,status=400' }), 400],
    ['an answer that is none', ask({ model: 'scenario:invalid-json' }), 502],
  ])('of a call that failed (%s) only the input is kept', async (_what, body, status) => {
    const answer = await app.chat(tenant, body);
    await answer.text();
    expect([answer.status, retention(answer)]).toEqual([status, 'failed-input;days=7']);
    expect(await kept()).toMatchObject({ store: 'failed_input', redacted: false, request: { body: JSON.stringify(body) }, answer: null });
  });

  it('of a stream that was cut only the input is kept, as foretold', async () => {
    const answer = await app.chat(tenant, ask({ stream: true, model: 'scenario:cut' }));
    await answer.text();
    expect(await kept()).toMatchObject({ store: 'failed_input', answer: null });
  });

  it('of a call whose client left only the input is kept', async () => {
    const controller = new AbortController();
    const answer = await app.chat(tenant, ask({ stream: true, model: 'scenario:drip' }), { signal: controller.signal });
    await answer.body?.getReader().read();
    controller.abort();
    expect(await kept()).toMatchObject({ store: 'failed_input', answer: null });
  });

  it('of a call that was refused before it was recorded nothing is kept', async () => {
    const answer = await app.chat(tenant, { model: 'x' });
    expect([answer.status, retention(answer)]).toEqual([400, 'none']);
    await app.records(tenant, 0);
    expect(await app.rows('SELECT 1 FROM content_key WHERE organisation_id = $1', [tenant.organisationId])).toEqual([]);
  });
});

describe('C6: x-lethe-retention: none', () => {
  it.each(['none', ' None ', 'none, none'])('(%j) keeps nothing of the call whatever the plan says', async (value) => {
    const answer = await app.chat(tenant, ask(), { headers: { 'x-lethe-retention': value } });
    await answer.text();
    expect(retention(answer)).toBe('none');
    expect(await kept()).toBeNull();
  });

  it('holds for streams and for calls that fail', async () => {
    const headers = { 'x-lethe-retention': 'none' };
    const streamed = await app.chat(tenant, ask({ stream: true, model: 'scenario:cut' }), { headers });
    await streamed.text();
    expect([retention(streamed), await kept()]).toEqual(['none', null]);
  });

  it.each(['', 'all', 'payload', '30', 'none,all'])('with any other wish (%j) is refused by name, and nothing is sent', async (value) => {
    const before = app.upstream.counters().received;
    const answer = await app.chat(tenant, ask(), { headers: { 'x-lethe-retention': value } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: 'x-lethe-retention', message: expect.stringContaining('must be none') } });
    expect(app.upstream.counters().received).toBe(before);
  });

  it('C9: does not go upstream', async () => {
    await (await app.chat(tenant, ask(), { headers: { 'x-lethe-retention': 'none' } })).text();
    expect(JSON.stringify(app.upstream.calls().at(-1))).not.toContain('x-lethe-retention');
  });
});

describe('what the organisation says', () => {
  it('payloads off: successful calls leave nothing, failed ones their input', async () => {
    expect((await setting({ payloads: false })).body).toMatchObject({ payloads: false, payloadDays: 0, failedInputDays: 7 });
    await app.settled();
    const answer = await app.chat(tenant, ask());
    await answer.text();
    expect([retention(answer), await kept()]).toEqual(['none', null]);
  });

  it('a sample of none keeps none, and one of a half about a half', async () => {
    await setting({ samplePerMille: 500 });
    await app.settled();
    const answers = await Promise.all(Array.from({ length: 60 }, () => app.chat(tenant, ask())));
    await Promise.all(answers.map((answer) => answer.text()));
    const taken = answers.filter((answer) => retention(answer) !== 'none').length;
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(50);
    await expect
      .poll(async () => (await app.rows('SELECT 1 FROM call_payload WHERE organisation_id = $1', [tenant.organisationId])).length)
      .toBe(taken);
  });

  it('is said by owners and privacy officers alone, and read by admins', async () => {
    const path = `/organisations/${tenant.organisationId}/content-setting`;
    for (const [role, may] of [
      ['owner', 200],
      ['privacy_officer', 200],
      ['admin', 403],
      ['developer', 403],
    ] as const) {
      const person = await memberOf(app, tenant.organisationId, role, { secondFactorDone: true });
      expect([role, (await person.browser.request('PATCH', path, { failedInputs: true })).status]).toEqual([role, may]);
      expect([role, (await person.browser.request('GET', path)).status]).toEqual([role, role === 'developer' ? 403 : 200]);
    }
  });

  it.each([{}, { payloads: 'yes' }, { samplePerMille: 1001 }, { samplePerMille: -1 }, { failedInputs: null }, { other: true }])(
    'is refused when it makes no sense: %j',
    async (change) => {
      expect((await setting(change)).status).toBe(400);
    },
  );
});

it('C3: the record of a call claims nothing of its content: it is the same whether that is kept or not', async () => {
  const headers = { 'x-lethe-retention': 'none' };
  const promised = [await app.chat(tenant, ask()), await app.chat(tenant, ask(), { headers })].map(retention);
  expect(promised).toEqual(['payload;days=7', 'none']);
  const calls = await app.records(tenant, 2);
  const shown = await Promise.all(calls.map(async ({ id }) => (await app.api<object>('GET', `/usage/requests/${id}`)).body));
  expect(Object.keys(shown[0] ?? {})).toEqual(Object.keys(shown[1] ?? {}));
  expect(JSON.stringify(shown)).not.toMatch(/payload|retention|kept/i);
});

describe('C7: who reads content', () => {
  it('owner and privacy officer; admins, developers, billing and service keys do not', async () => {
    await (await app.chat(tenant, ask())).text();
    expect(await kept()).not.toBeNull();
    const [call] = await app.records(tenant, 1);
    const path = `/organisations/${tenant.organisationId}/calls/${call?.id}/content?purpose=data_subject_request`;
    for (const [role, status] of [
      ['owner', 200],
      ['privacy_officer', 200],
      ['admin', 403],
      ['developer', 403],
      ['billing', 403],
      ['viewer', 403],
    ] as const) {
      const person = await memberOf(app, tenant.organisationId, role, { secondFactorDone: true });
      expect([role, (await person.browser.request('GET', path)).status]).toEqual([role, status]);
    }
    expect((await app.api('GET', path, undefined, tenant.key)).status).toBe(403);
    expect((await app.api('GET', path, undefined, null)).status).toBe(401);
  });

  it('C4: destroying keys takes a proof of a moment ago', async () => {
    const owner = await memberOf(app, tenant.organisationId, 'owner', { secondFactorDone: true });
    const path = `/organisations/${tenant.organisationId}/content-keys`;
    await app.rows(`UPDATE account_session SET proven_at = proven_at - interval '1 hour' WHERE account_id = $1`, [owner.accountId]);
    expect((await owner.browser.request('DELETE', path)).body).toMatchObject({ code: 'http/step_up_required' });
  });
});

it('C1: a secret in a prompt stands nowhere in the database in the clear', async () => {
  const word = `cnry${randomBytes(12).toString('hex')}`;
  await (await app.chat(tenant, ask({ messages: [{ role: 'user', content: word }] }))).text();
  expect(await kept()).not.toBeNull();
  const tables = await app.rows<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  for (const { name } of tables) {
    const hex = Buffer.from(word).toString('hex');
    const found = await app.rows(`SELECT 1 FROM "${name}" t WHERE t::text LIKE $1 OR t::text LIKE $2`, [`%${word}%`, `%${hex}%`]);
    expect([name, found]).toEqual([name, []]);
  }
});
