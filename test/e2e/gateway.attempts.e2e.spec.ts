import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CredentialId } from '../../src/kernel/ids.js';
import { CredentialAdministration } from '../../src/modules/credentials/credentials.contract.js';
import { type CallRow, TestLethe, type TestTenant } from '../harness/app.js';
import type { Behaviour } from '../harness/upstream/behaviour.js';

const ACTOR = { kind: 'system', id: 'test' } as const;
const messages = [{ role: 'user' as const, content: 'Hello' }];

let app: TestLethe;
/** An address where nothing listens. */
let refused: string;
let made = 0;

beforeAll(async () => {
  app = await TestLethe.start({
    environment: { LETHE_UPSTREAM_FIRST_BYTE_MS: '300', LETHE_UPSTREAM_IDLE_MS: '300', LETHE_UPSTREAM_CONNECT_MS: '1000' },
  });
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  refused = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  await new Promise((resolve) => server.close(resolve));
});
afterAll(() => app?.stop());

/** What a target does: the upstream's behaviour, or `nobody` for an address where none answers. */
type TargetPlan = Behaviour | string;

/** A tenant whose route has these targets, in this order. */
async function tenantWith(...targets: readonly TargetPlan[]): Promise<TestTenant> {
  const tenant = await app.tenant({ route: false });
  const ids: CredentialId[] = [];
  for (const target of targets) {
    made += 1;
    const secret = `sk-target-${String(made).padStart(6, '0')}-abcd`;
    if (target === 'nobody') {
      const vault = app.lethe.get(CredentialAdministration);
      ids.push(
        (await vault.issue(ACTOR, tenant.organisationId, { name: secret, provider: 'openai_compatible', secret, baseUrl: refused })).id,
      );
    } else {
      app.upstream.script({ key: secret }, target);
      ids.push(await app.credential(tenant.organisationId, secret));
    }
  }
  await app.route(tenant.organisationId, { model: '*', targets: ids.map((credentialId) => ({ credentialId })) });
  return tenant;
}

async function onlyRecord(tenant: TestTenant): Promise<CallRow> {
  return (await app.records(tenant, 1))[0] as CallRow;
}

/** The routing trace as `reason outcome`. */
const trace = (record: CallRow): string[] => record.attempts.map((attempt) => `${attempt.reason} ${attempt.outcome}`);

async function read(
  answer: Response,
): Promise<{ status: number; text: string; error: { code: string | null; type: string; message: string; param: string | null } }> {
  const text = await answer.text();
  return { status: answer.status, text, error: text.startsWith('{') ? (JSON.parse(text) as { error: never }).error : (undefined as never) };
}

const FAILS_OVER: readonly (readonly [string, TargetPlan, string])[] = [
  ['connection refused', 'nobody', 'unreachable'],
  ['429 with retry-after', 'rate-limited', 'status_429'],
  ['429 insufficient_quota of our own account', 'no-quota', 'status_429'],
  ['500', { status: 500 }, 'status_500'],
  ['502 with an HTML page', 'proxy-page', 'status_502'],
  ['503', { status: 503 }, 'status_503'],
  ['529 overloaded', 'overloaded', 'status_529'],
  ['401 of our credential', 'echo-key', 'status_401'],
  ['403', { status: 403 }, 'status_403'],
  ['404', 'model-not-found', 'status_404'],
  ['408', { status: 408 }, 'status_408'],
  ['a redirect, which is not followed', 'redirect', 'status_307'],
  ['a reset before the status line', 'reset', 'reset'],
  ['slow headers', { headerDelayMs: 3000 }, 'timeout'],
];

const FAILS_OVER_WHOLE: typeof FAILS_OVER = [
  ...FAILS_OVER,
  ['a 200 that is no JSON', 'invalid-json', 'invalid'],
  ['a 200 whose body is cut', 'cut', 'cut'],
  ['a 200 whose body ends politely, half-way', 'cut-politely', 'invalid'],
  ['a 200 that is an error', { rawBody: '{"error":{"message":"no","type":"server_error","code":null}}' }, 'error_event'],
];

const FAILS_OVER_STREAMED: typeof FAILS_OVER = [
  ...FAILS_OVER,
  ['an error event that comes first', 'error-event', 'error_event'],
  ['a cut right after the headers', 'cut-after-headers', 'cut'],
  ['a cut before the first content', 'cut,cutAfter=0', 'cut'],
  ['a polite end before the first content', 'cut-politely,cutAfter=0', 'cut'],
  ['a slow first byte', { firstByteDelayMs: 3000 }, 'timeout'],
  ['a stall before the first content', 'stall,stallAfter=0', 'timeout'],
  ['a 200 that is no stream', 'wrong-type', 'invalid'],
  [
    'a whole answer where a stream was asked for',
    { rawBody: '{"choices":[{"message":{"content":"x"}}]}', contentType: 'application/json' },
    'invalid',
  ],
];

describe('R3: the next target answers, and the routing trace says why, after', () => {
  it.each(FAILS_OVER_WHOLE)('%s', async (_what, target, outcome) => {
    const tenant = await tenantWith(target, 'happy');
    const answer = await app.openai(tenant).chat.completions.create({ model: 'm', messages, max_tokens: 4 });
    expect(answer.choices[0]?.message.content).toBeTruthy();
    const record = await onlyRecord(tenant);
    expect(trace(record)).toEqual([`first ${outcome}`, 'failover answered']);
    expect(record).toMatchObject({ outcome: 'succeeded', usage_source: 'reported', output_tokens: 4 });
  });

  it.each(FAILS_OVER_STREAMED)('peers 14: %s, before the stream has any content', async (_what, target, outcome) => {
    const tenant = await tenantWith(target, 'happy');
    const stream = await app.openai(tenant).chat.completions.create({ model: 'm', messages, max_tokens: 4, stream: true });
    let text = '';
    let roles = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.delta.role) roles += 1;
    }
    // The role chunk of the upstream that failed was held back.
    expect(roles).toBe(1);
    expect(text.trim().split(/\s+/)).toHaveLength(4);
    expect(trace(await onlyRecord(tenant))).toEqual([`first ${outcome}`, 'failover answered']);
  });
});

describe('a refusal of the request itself is final', () => {
  it.each([
    [400, 'context-length', 'context_length_exceeded'],
    [422, { status: 422 } as Behaviour, 'unprocessable_entity'],
    [413, { status: 413 } as Behaviour, 'request_too_large'],
  ])("%s: no other target is asked, and the SDK reads the upstream's own code", async (status, target, code) => {
    const tenant = await tenantWith(target, 'happy');
    const failure = await app
      .openai(tenant)
      .chat.completions.create({ model: 'm', messages })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(failure).toMatchObject({ status, code });
    const record = await onlyRecord(tenant);
    expect(trace(record)).toEqual([`first status_${status}`]);
    expect(record).toMatchObject({
      outcome: 'failed',
      http_status: status,
      error_code: 'gateway/upstream_rejected',
      usage_source: 'none',
      cost: '0.000000000000',
    });
  });

  it('and without words of its own that may be shown it is told in ours', async () => {
    const tenant = await tenantWith({ status: 400, errorBody: 'html' });
    const { status, error } = await read(await app.chat(tenant, { model: 'm', messages }));
    expect(status).toBe(400);
    expect(error).toMatchObject({ type: 'invalid_request_error', message: 'The upstream did not accept the request.' });
  });
});

describe('peers 22: an upstream that repeats the key it was sent', () => {
  it.each([400, 401, 403, 422, 429, 500])('with %s does not get it through to the client', async (status) => {
    const tenant = await tenantWith({ status, errorBody: 'echo_key' });
    const answer = await app.chat(tenant, { model: 'm', messages });
    const seen = JSON.stringify([...answer.headers]) + (await answer.text());
    expect(seen).not.toContain('sk-target');
    expect(seen).not.toContain(tenant.key);
    expect(JSON.stringify(await app.records(tenant, 1))).not.toContain('sk-target');
  });

  it('inside a stream that has begun does not get it through either', async () => {
    const tenant = await tenantWith('happy');
    const secret = `sk-target-${String(made).padStart(6, '0')}-abcd`;
    const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
    const rawBody = event({ choices: [{ index: 0, delta: { content: 'Hi' } }] });
    app.upstream.script(
      { key: secret },
      { rawBody: `${rawBody}${event({ error: { message: `bad key ${secret}` } })}`, contentType: 'text/event-stream' },
    );
    const { text } = await read(await app.chat(tenant, { model: 'm', messages, stream: true }));
    expect(text).not.toContain('sk-target');
    expect(text).toContain('"error"');
  });
});

describe('when no target answers, the client is told of the last failure', () => {
  it('429: with the time to wait, in the words the SDK retries by', async () => {
    const tenant = await tenantWith('rate-limited,retryAfterSeconds=30');
    const answer = await app.chat(tenant, { model: 'm', messages });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30']);
    expect((await read(answer)).error).toMatchObject({ code: 'rate_limit_exceeded' });
    // Asked to be left alone for longer than a client would wait for an answer, it is left alone.
    expect(trace(await onlyRecord(tenant))).toEqual(['first status_429']);
  });

  it.each([
    [502, 'upstream_unreachable', ['nobody', 'nobody']],
    [502, 'upstream_failed', [{ status: 500 }, { status: 503 }]],
    [504, 'upstream_timeout', [{ headerDelayMs: 3000 }]],
    [502, 'upstream_invalid', ['invalid-json', 'invalid-json']],
    [502, 'upstream_refused', [{ status: 401 }, { status: 403 }]],
    [404, 'model_not_found', [{ status: 404 }, { status: 404 }]],
  ] as const)('%s %s', async (status, code, targets) => {
    const tenant = await tenantWith(...targets);
    const before = app.upstream.calls().length;
    const answer = await read(await app.chat(tenant, { model: 'm', messages }));
    expect(answer.status).toBe(status);
    expect(answer.error.message).not.toBe('');
    const record = await onlyRecord(tenant);
    expect(record).toMatchObject({ outcome: 'failed', http_status: status, error_code: `gateway/${code}` });
    expect(record.attempts.length).toBeLessThanOrEqual(3);
    expect(app.upstream.calls().length - before).toBeLessThanOrEqual(3);
  });

  it('401, 403 and 404 of a target are never tried again there', async () => {
    for (const status of [401, 403, 404]) {
      const tenant = await tenantWith({ status });
      await (await app.chat(tenant, { model: 'm', messages })).text();
      expect(trace(await onlyRecord(tenant))).toEqual([`first status_${status}`]);
    }
  });
});

describe('the same target', () => {
  it('is asked again after a pause, and at most as often as the setting allows', async () => {
    const tenant = await tenantWith({ status: 503 });
    const began = performance.now();
    expect((await read(await app.chat(tenant, { model: 'm', messages }))).status).toBe(502);
    expect(performance.now() - began).toBeGreaterThan(100);
    expect(trace(await onlyRecord(tenant))).toEqual(['first status_503', 'retry status_503', 'retry status_503']);
  });

  it('is asked again after as long as it asked for', async () => {
    const tenant = await tenantWith('rate-limited,retryAfterSeconds=1,failures=1');
    const began = performance.now();
    expect((await app.chat(tenant, { model: 'm', messages })).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(trace(await onlyRecord(tenant))).toEqual(['first status_429', 'retry answered']);
  });
});

describe('what a failed call costs', () => {
  it('peers 7: nothing, and its hold is given back, when the upstream refused', async () => {
    const tenant = await tenantWith({ status: 500 });
    await app.api('POST', '/price-overrides', { model: 'priced-1', inputPerMillion: '1', outputPerMillion: '2', perRequest: '0' });
    const made = await app.api('POST', `/organisations/${tenant.organisationId}/budgets`, {
      scope: 'organisation',
      kind: 'hard',
      period: 'daily',
      limit: '1',
    });
    expect(made.status).toBe(201);
    await app.settled();
    expect((await app.chat(tenant, { model: 'priced-1', messages, max_tokens: 1000 })).status).toBe(502);
    await app.records(tenant, 1);
    const budget = await app.api<{ current: { spent: string; held: string } }>(
      'GET',
      `/organisations/${tenant.organisationId}/budgets/${String(made.body['id'])}`,
    );
    expect(budget.body.current).toMatchObject({ spent: '0', held: '0' });
  });

  it('peers 12: is unknown, not zero, when the call was sent and timed out', async () => {
    const tenant = await tenantWith({ headerDelayMs: 3000 });
    expect((await app.chat(tenant, { model: 'm', messages })).status).toBe(504);
    expect(await onlyRecord(tenant)).toMatchObject({ outcome: 'failed', usage_source: 'unknown', cost: null, input_tokens: null });
  });
});
