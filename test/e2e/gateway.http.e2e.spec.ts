import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { RawConnection } from '../harness/raw-http.js';

const CHAT = '/v1/chat/completions';
const GOOD = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 3 });
const MAX_BODY = 1_048_576;

let app: TestLethe;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start({ environment: { LETHE_MAX_BODY_BYTES: String(MAX_BODY), LETHE_REQUEST_BODY_MS: '500' } });
  tenant = await app.tenant();
});
afterAll(() => app?.stop());

const open = (): Promise<RawConnection> => RawConnection.open(app.url);
const errorOf = (body: string): { code: string | null; type: string; param: string | null; message: string; request_id: string } =>
  (JSON.parse(body) as { error: ReturnType<typeof errorOf> }).error;

/** The connection carries another call, and its answer is that call's; or it is closed. Nothing in between. */
async function expectCleanConnection(connection: RawConnection): Promise<void> {
  const before = app.upstream.calls().length;
  if (!connection.isClosed) connection.post(CHAT, tenant.key, GOOD);
  const next = connection.isClosed ? null : await connection.answer().catch(() => null);
  if (next === null) {
    await connection.closed();
    expect(app.upstream.calls().length).toBe(before);
    return;
  }
  expect(next.status).toBe(200);
  expect(JSON.parse(next.body)).toHaveProperty('choices');
  expect(app.upstream.calls().length).toBe(before + 1);
  expect(connection.waiting).toBe('');
  connection.close();
}

describe('after an error the connection is clean: the next call on it works, or it is closed', () => {
  const requests: readonly (readonly [string, number, (connection: RawConnection) => void])[] = [
    ['an unknown key', 401, (c) => c.post(CHAT, 'lethe_sk_nobody', GOOD)],
    ['no key', 401, (c) => c.send(`POST ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`)],
    ['a body that is no JSON', 400, (c) => c.post(CHAT, tenant.key, '{"model"')],
    ['an empty body', 400, (c) => c.post(CHAT, tenant.key, '')],
    [
      'a content type that is not JSON',
      415,
      (c) =>
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: text/plain\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`,
        ),
    ],
    [
      'a JSON patch',
      415,
      (c) =>
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json-patch+json\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`,
        ),
    ],
    ['a compressed body', 415, (c) => c.post(CHAT, tenant.key, GOOD, ['Content-Encoding: gzip'])],
    ['another method', 405, (c) => c.send(`PUT ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`)],
    ['an address that is none', 404, (c) => c.post('/v1/completions/none', tenant.key, GOOD)],
    ['an encoded slash', 404, (c) => c.post('/v1/chat%2fcompletions', tenant.key, GOOD)],
    ['a doubled slash', 404, (c) => c.post('//v1/chat/completions', tenant.key, GOOD)],
    ['a slash at the end', 404, (c) => c.post(`${CHAT}/`, tenant.key, GOOD)],
    ['a refusal of the upstream', 400, (c) => c.post(CHAT, tenant.key, GOOD.replace('"m"', '"scenario:context-length"'))],
    ['no answer of the upstream', 502, (c) => c.post(CHAT, tenant.key, GOOD.replace('"m"', '"scenario:status,status=401"'))],
    [
      'a body in the smuggler’s way: both lengths',
      400,
      (c) =>
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n`,
        ),
    ],
    [
      'two lengths that differ',
      400,
      (c) => c.send(`POST ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`),
    ],
    ['a body past the limit, by its length', 413, (c) => c.post(CHAT, tenant.key, 'x'.repeat(MAX_BODY + 1))],
    [
      'a chunked body past the limit',
      413,
      (c) => {
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        for (let sent = 0; sent <= MAX_BODY + 131_072; sent += 65_536) c.send(`10000\r\n${'x'.repeat(65_536)}\r\n`);
      },
    ],
    [
      'a body that does not come',
      408,
      (c) =>
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"mo`,
        ),
    ],
    [
      'an unknown key with a body on its way',
      401,
      (c) =>
        c.send(
          `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{`,
        ),
    ],
  ];

  it.each(requests)('%s: %s', async (_what, status, send) => {
    const connection = await open();
    send(connection);
    const answer = await connection.answer();
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain(tenant.key);
    await expectCleanConnection(connection);
  });
});

describe('errors', () => {
  it.each([401, 404, 405, 413])('%s is written as OpenAI writes it, with the request id', async (status) => {
    const ask: Record<number, () => Promise<Response>> = {
      401: () => app.chat({ key: 'nobody' }, GOOD),
      404: () => app.chat(tenant, GOOD).then(() => fetch(`${app.url}/v1/nothing`)),
      405: () => fetch(`${app.url}${CHAT}`),
      413: () => app.chat(tenant, 'x'.repeat(50 * 1024 * 1024)),
    };
    const answer = await (ask[status] as () => Promise<Response>)();
    expect(answer.status).toBe(status);
    const error = errorOf(await answer.text());
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'request_id', 'type']);
    expect(answer.headers.get('x-request-id')).toBe(error.request_id);
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  it('say which methods an address takes (RFC 9110 §15.5.6)', async () => {
    expect((await fetch(`${app.url}${CHAT}`)).headers.get('allow')).toBe('POST');
    expect((await fetch(`${app.url}/v1/models`, { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD');
    expect((await fetch(`${app.url}${CHAT}`, { method: 'OPTIONS' })).status).toBe(405);
  });

  it('an unknown address is unknown_url, and tells nothing of what was asked', async () => {
    const answer = await fetch(`${app.url}/v1/files/canary-7316`, { headers: { authorization: `Bearer ${tenant.key}` } });
    const text = await answer.text();
    expect([answer.status, errorOf(text).code, text.includes('canary-7316')]).toEqual([404, 'unknown_url', false]);
  });
});

describe('bad input is a 4xx that names the field, reaches no upstream and is not in the ledger', () => {
  const text = (content: string) => [{ role: 'user', content }];
  const cases: readonly (readonly [string, number, string | null, unknown])[] = [
    ['truncated JSON', 400, null, '{"model":"m","messages":[{"role":"user","content":"canary-4471'],
    ['a list', 400, null, '[]'],
    ['a number', 400, null, '1'],
    ['no model', 400, 'model', { messages: text('x') }],
    ['a model that is no text', 400, 'model', { model: 7, messages: text('x') }],
    ['a model with NUL', 400, 'model', { model: 'm\0', messages: text('x') }],
    ['a model with a lone surrogate', 400, 'model', '{"model":"\\ud800","messages":[{"role":"user","content":"x"}]}'],
    ['a model of 300 characters', 400, 'model', { model: 'm'.repeat(300), messages: text('x') }],
    ['no messages', 400, 'messages', { model: 'm' }],
    ['messages that are text', 400, 'messages', { model: 'm', messages: 'canary-4471' }],
    ['a message that is text', 400, 'messages[1]', { model: 'm', messages: [...text('x'), 'canary-4471'] }],
    ['a stream flag that is text', 400, 'stream', { model: 'm', messages: text('x'), stream: 'yes' }],
    ['a negative limit', 400, 'max_tokens', { model: 'm', messages: text('x'), max_tokens: -1 }],
    ['a fraction as limit', 400, 'max_completion_tokens', { model: 'm', messages: text('x'), max_completion_tokens: 1.5 }],
    ['too many choices', 400, 'n', { model: 'm', messages: text('x'), n: 10_000 }],
    ['a member given twice', 400, 'model', '{"model":"a","model":"b","messages":[{"role":"user","content":"x"}]}'],
    [
      'nesting 100,000 deep',
      400,
      'x',
      `{"model":"m","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ],
    ['bytes that are no UTF-8', 400, null, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ];

  it.each(cases)('%s', async (_what, status, param, body) => {
    const before = app.upstream.calls().length;
    const answer = await app.chat(tenant, body);
    const said = await answer.text();
    expect([answer.status, errorOf(said).param]).toEqual([status, param]);
    expect(said).not.toMatch(/canary-4471| at .*\.[jt]s/);
    expect(app.upstream.calls().length).toBe(before);
    expect(await app.rows('SELECT 1 FROM call_record WHERE id = $1', [answer.headers.get('x-request-id')])).toEqual([]);
  });

  it('but 10,000 messages, and NUL and lone surrogates in what is not ours to judge, pass', async () => {
    const many = Array.from({ length: 10_000 }, () => ({ role: 'user', content: 'x' }));
    expect((await app.chat(tenant, { model: 'm', messages: many })).status).toBe(200);
    expect((await app.chat(tenant, '{"model":"m","messages":[{"role":"user","content":"\\u0000 \\ud800"}]}')).status).toBe(200);
  });
});

describe('a body of 50 MB', () => {
  it('gets its 413, although it was refused before it had all been sent', async () => {
    const before = process.memoryUsage().rss;
    const failure = await app
      .openai(tenant)
      .chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(50 * 1024 * 1024) }] })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 413, code: 'request_too_large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
  });

  it('that is chunked is not taken in past the limit', async () => {
    const upstreamCalls = app.upstream.calls().length;
    const connection = await open();
    connection.send(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 50 * 1024 * 1024; sent += 65_536) connection.send(piece);
    const answer = await connection.answer();
    expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close']);
    await connection.closed();
    expect(app.upstream.calls().length).toBe(upstreamCalls);
  });
});

describe('proper HTTP that clients seldom send', () => {
  it('Expect: 100-continue', async () => {
    const connection = await open();
    connection.send(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json\r\nContent-Length: ${GOOD.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect((await connection.answer()).status).toBe(100);
    connection.send(GOOD);
    expect((await connection.answer()).status).toBe(200);
    await expectCleanConnection(connection);
  });

  it('a body in chunks, with extensions and trailers', async () => {
    const connection = await open();
    connection.send(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (const character of GOOD) connection.send(`1;a=b\r\n${character}\r\n`);
    connection.send('0\r\nX-Trailer: 1\r\n\r\n');
    expect((await connection.answer()).status).toBe(200);
    await expectCleanConnection(connection);
  });

  it('several requests at once on one connection: answers in order, a stream among them', async () => {
    const connection = await open();
    connection.post(CHAT, tenant.key, GOOD.replace('"m"', '"scenario:slow-headers,headerDelayMs=150"'));
    connection.post(CHAT, tenant.key, GOOD.replace('"m"', '"m","stream":true'));
    connection.send(`GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\n\r\n`);
    connection.post(CHAT, 'nobody', GOOD);
    expect(JSON.parse((await connection.answer()).body)).toHaveProperty('choices');
    expect((await connection.answer()).body).toContain('[DONE]');
    expect(JSON.parse((await connection.answer()).body)).toHaveProperty('data');
    expect((await connection.answer()).status).toBe(401);
    await expectCleanConnection(connection);
  });

  it('rubbish behind a request whose answer has begun gets no answer of its own in the middle of it', async () => {
    const connection = await open();
    connection.post(CHAT, tenant.key, GOOD.replace('"m"', '"scenario:drip","stream":true'));
    await expect.poll(() => connection.waiting).toContain('data: {');
    connection.send('\0\0 rubbish\r\n\r\n');
    await connection.closed();
    expect(connection.waiting.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('a whole URL as the request target, and a query string', async () => {
    const connection = await open();
    connection.post(`http://lethe.example${CHAT}?api-version=1`, tenant.key, GOOD);
    expect((await connection.answer()).status).toBe(200);
    await expectCleanConnection(connection);
  });

  it('HEAD, which gets the headers of GET alone', async () => {
    const connection = await open();
    connection.send(`HEAD /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.key}\r\n\r\n`);
    await expect.poll(() => connection.waiting).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n$/);
    connection.close();
  });

  it('a client that leaves while it sends its body leaves nothing behind', async () => {
    const other = await app.tenant();
    const connection = await open();
    connection.send(
      `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${other.key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    connection.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await app.records(other, 0)).toEqual([]);
    const inflight = /^lethe_inflight_calls (\d+)$/m.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1];
    expect(inflight).toBe('0');
  });
});

describe('GET /v1/models', () => {
  it('lists through the SDK what a key may call, and retrieves one', async () => {
    const other = await app.tenant({ route: false });
    await app.route(other.organisationId, { model: 'house-mini', targets: [{ credentialId: other.credentialId }] });
    await app.route(other.organisationId, { model: 'org/house-*', targets: [{ credentialId: other.credentialId }] });
    const sdk = app.openai(other);
    const models = [];
    for await (const model of sdk.models.list()) models.push(model.id);
    expect(models).toEqual(['house-mini', 'org/house-*']);
    expect((await sdk.models.retrieve('org/house-1')).id).toBe('org/house-1');
    await expect(sdk.models.retrieve('gpt-4o')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    expect((await fetch(`${app.url}/v1/models/%`, { headers: { authorization: `Bearer ${other.key}` } })).status).toBe(404);
    expect((await fetch(`${app.url}/v1/models/`, { headers: { authorization: `Bearer ${tenant.key}` } })).status).toBe(404);
  });

  it('a model without a route is model_not_found, and the ledger has nothing of it', async () => {
    const other = await app.tenant({ route: false });
    const failure = await app
      .openai(other)
      .chat.completions.create({ model: 'gpt-4o', messages: [] as never })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 400, param: 'messages' });
    await expect(
      app.openai(other).chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] }),
    ).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    expect(await app.records(other, 0)).toEqual([]);
  });

  it('A3: a key does not see the models of another organisation', async () => {
    const other = await app.tenant({ route: false });
    expect((await app.openai(other).models.list()).data).toEqual([]);
  });
});
