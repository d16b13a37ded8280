import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, expectOpenAiError, Target } from '../harness/bad-input.js';
import { RawConnection } from '../harness/raw-http.js';
import { fillPath, type Got, type Operation, readSurface, send } from '../harness/surface.js';

let target: Target;
let operations: Operation[];
let address: string;

beforeAll(async () => {
  target = await Target.start(1);
  address = target.cluster.replica(0).address;
  operations = await readSurface(target.cluster.adminAddress, '/v1/');
});

afterAll(() => target?.stop());

const CHAT = '/v1/chat/completions';
const valid = { model: 'm', messages: [{ role: 'user', content: `hello ${CANARY}` }] };

function chat(
  body: string | Buffer,
  headers: Record<string, string> = {},
  token: string | undefined = target.mine.tenant.key,
): Promise<Got> {
  return send(`${address}${CHAT}`, { method: 'POST', token, body, headers });
}

/** Runs `work` and makes sure that nothing was recorded and nothing went upstream. */
async function unrecorded(work: () => Promise<void>): Promise<void> {
  const [before, received] = [await target.fingerprint(), target.cluster.standInLog().length];
  await work();
  expect(await target.fingerprint()).toEqual(before);
  expect(target.cluster.standInLog().length).toBe(received);
}

const body = (change: object): string => JSON.stringify({ ...valid, ...change });
const whole = JSON.stringify(valid);

describe('a body that is no chat completion is a 4xx in OpenAI’s shape, names the field, and is not recorded', () => {
  it.each<[string, string | Buffer, string | null]>([
    ['nothing', '', null],
    ['malformed JSON', `{"model": ${CANARY}}`, null],
    ['JSON that breaks off', whole.slice(0, -3), null],
    ['text', JSON.stringify(CANARY), null],
    ['an array', `[${whole}]`, null],
    ['null', 'null', null],
    ['a byte order mark', `\ufeff${whole}`, null],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from(whole.slice(0, -4)), Buffer.from([0xff, 0xfe]), Buffer.from(whole.slice(-4))]),
      null,
    ],
    ['two documents', `${whole}${whole}`, null],
    ['10,000 levels of arrays', body({ tools: 0 }).replace('"tools":0', `"tools":${'['.repeat(10_000)}${']'.repeat(10_000)}`), 'tools'],
    [
      '10,000 levels of objects',
      body({ metadata: 0 }).replace('"metadata":0', `"metadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
      'metadata',
    ],
    ['100,000 fields', `{${Array.from({ length: 100_000 }, (_, i) => `"f${i}":1`).join(',')}}`, null],
    ['model twice', whole.replace('{', '{"model":"other",'), 'model'],
    ['messages twice, once escaped', whole.replace('{', '{"mess\\u0061ges":[],'), 'messages'],
    ['no model', body({ model: undefined }), 'model'],
    ['a model of the wrong type', body({ model: 42 }), 'model'],
    ['an empty model', body({ model: '' }), 'model'],
    ['a model with NUL', body({ model: 'a\u0000b' }), 'model'],
    ['a model with a lone surrogate', body({ model: 'a\ud800' }), 'model'],
    ['a model with a line break', body({ model: 'a\r\nx-evil: 1' }), 'model'],
    ['a model of 10,000 characters', body({ model: 'm'.repeat(10_000) }), 'model'],
    ['no messages', body({ messages: undefined }), 'messages'],
    ['messages of the wrong type', body({ messages: 'hello' }), 'messages'],
    ['empty messages', body({ messages: [] }), 'messages'],
    ['a message that is none', body({ messages: [valid.messages[0], CANARY] }), 'messages[1]'],
    ['a message without role', body({ messages: [{ content: CANARY }] }), 'messages[0].role'],
    ['a content of the wrong type', body({ messages: [{ role: 'user', content: 42 }] }), 'messages[0].content'],
    ['20,001 messages', body({ messages: Array(20_001).fill(valid.messages[0]) }), 'messages'],
    ['stream of the wrong type', body({ stream: 'yes' }), 'stream'],
    ['stream_options of the wrong type', body({ stream: true, stream_options: [] }), 'stream_options'],
    ['include_usage of the wrong type', body({ stream: true, stream_options: { include_usage: 1 } }), 'stream_options.include_usage'],
    ['max_tokens of the wrong type', body({ max_tokens: '10' }), 'max_tokens'],
    ['max_tokens of zero', body({ max_tokens: 0 }), 'max_tokens'],
    ['max_tokens past every number', body({}).replace('{', '{"max_tokens":1e999,'), 'max_tokens'],
    ['max_completion_tokens that is not whole', body({ max_completion_tokens: 1.5 }), 'max_completion_tokens'],
    ['n past its bound', body({ n: 1_000_000 }), 'n'],
    ['tools of the wrong type', body({ tools: CANARY }), 'tools'],
    ['metadata of the wrong type', body({ metadata: [] }), 'metadata'],
    ['a user with NUL', body({ user: 'a\u0000' }), 'user'],
  ])('%s', async (what, bad, param) => {
    await unrecorded(async () => expectOpenAiError(await chat(bad), what, 400, param));
  });

  it('a body of 50 MB, announced or not, is a 413', async () => {
    const large = Buffer.alloc(50_000_000, 'x');
    await unrecorded(async () => {
      expectOpenAiError(await chat(large), '50 MB', 413);
      expectOpenAiError(await chat(large, { 'transfer-encoding': 'chunked' }), '50 MB in chunks', 413);
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense', ''])(
    'the content type "%s" is a 415',
    async (type) => {
      await unrecorded(async () => expectOpenAiError(await chat(whole, { 'content-type': type }), type, 415));
    },
  );

  it('a compressed body is a 415', async () => {
    await unrecorded(async () => expectOpenAiError(await chat(whole, { 'content-encoding': 'gzip' }), 'gzip', 415));
  });
});

describe('what is unusual and not wrong works', () => {
  it.each([
    ['10,000 messages', body({ messages: Array(10_000).fill(valid.messages[0]) })],
    [
      'NUL and lone surrogates in the text of a message, which JSON allows',
      body({ messages: [{ role: 'user', content: 'a\u0000b\ud800c' }] }),
    ],
    ['fields nobody knows', body({ colour: CANARY, nested: { a: [1, 2, 3] } })],
    [
      'names that reach for the prototype, which are the provider’s to judge',
      whole.replace('{', '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},'),
    ],
    ['a null for what is optional', body({ stream: null, max_tokens: null, n: null, user: null })],
    ['a text of a million characters', body({ messages: [{ role: 'user', content: 'x'.repeat(1_000_000) }] })],
  ])('%s', async (what, unusual) => {
    const got = await chat(unusual);
    expect(got.status, `${what}: ${got.text.slice(0, 300)}`).toBe(200);
  });

  it('a client’s own request id that is not plain text is left out of the ledger and not sent upstream', async () => {
    const before = target.cluster.standInLog().length;
    for (const id of ['x'.repeat(600), 'a\tb', 'caf\u00e9']) expect((await chat(whole, { 'x-client-request-id': id })).status).toBe(200);
    for (const line of target.cluster.standInLog().slice(before)) expect(line.clientRequestId).toBeUndefined();
    await target.cluster.settle();
    const rows = await target.cluster.rows<{ id: string }>(
      `SELECT 1 AS id FROM call_record WHERE length(client_request_id) > 512 OR client_request_id ~ '[^!-~]'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('keys', () => {
  it.each<[string, number, (t: Target) => Promise<string | undefined>]>([
    ['no key', 401, async () => undefined],
    ['garbage', 401, async () => CANARY],
    ['a key nobody issued', 401, async () => `lethe_sk_${'x'.repeat(49)}`],
    ['an operator token', 401, async (t) => t.cluster.operatorToken],
    ['a key with a character too many', 401, async (t) => `${t.mine.tenant.key}x`],
    ['a key without the scope', 403, (t) => t.key(t.mine, { scopes: ['usage:read'] })],
    ['a key for another network', 403, (t) => t.key(t.mine, { allowedNetworks: ['203.0.113.0/24'] })],
    ['a revoked key', 401, revoked],
    ['an expired key', 401, expired],
  ])('%s is a %i on every route, in OpenAI’s shape, and is not repeated', async (what, status, make) => {
    const key = await make(target);
    await unrecorded(async () => {
      for (const operation of operations) {
        const url = address + fillPath(operation, { model: 'm' });
        const got = await send(url, { method: operation.method, token: key, body: operation.body ? whole : undefined });
        expectOpenAiError(got, `${operation.method} ${operation.path} with ${what}`, status);
        if (key !== undefined) expect(got.text).not.toContain(key);
      }
    });
  });
});

async function revoked(t: Target): Promise<string> {
  const { id, secret } = await t.keyWithId(t.mine);
  await t.cluster.ask('DELETE', `/organisations/${t.mine.ids.organisationId}/keys/${id}`);
  await t.cluster.settled();
  return secret;
}

async function expired(t: Target): Promise<string> {
  const key = await t.key(t.mine, { expiresAt: new Date(Date.now() + 1_200).toISOString() });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  return key;
}

describe('addresses and headers', () => {
  it.each([
    ['GET', CHAT, 405],
    ['DELETE', '/v1/models', 405],
    ['POST', '/v1/nothing', 404],
    ['GET', '/v1/models/%00', 404],
    ['GET', '/v1/models/%ff', 404],
    ['GET', `/v1/models/${'x'.repeat(5_000)}`, 404],
    ['GET', '/v1/', 404],
    ['GET', '/v1/../api/v1/organisations', 404],
  ])('%s %.40s is a %i in OpenAI’s shape', async (method, path, status) => {
    // By hand: a proper client would tidy the path up.
    const connection = await RawConnection.open(address);
    connection.send(
      `${method} ${path} HTTP/1.1\r\nHost: lethe\r\nAuthorization: Bearer ${target.mine.tenant.key}\r\nConnection: close\r\n\r\n`,
    );
    const { status: answered, headers, body: text } = await connection.answer();
    connection.close();
    expectOpenAiError({ status: answered, headers: Object.fromEntries(headers), text }, `${method} ${path.slice(0, 40)}`, status);
  });

  it.each([
    ['a header that smuggles another', 'X-Client-Request-Id: a\r\n X-Evil: 1'],
    ['a header with NUL', 'X-Client-Request-Id: a\u0000b'],
    ['a header with a lone line feed', 'X-Client-Request-Id: a\nX-Evil: 1'],
    ['two lengths', 'Content-Length: 5'],
    ['a length and chunks', 'Transfer-Encoding: chunked'],
    ['headers of 100 kB', `X-Long: ${'a'.repeat(100_000)}`],
  ])('%s never reaches the upstream as such', async (_what, line) => {
    const before = target.cluster.standInLog().length;
    const connection = await RawConnection.open(address);
    connection.post(CHAT, target.mine.tenant.key, whole, [line, 'Connection: close']);
    const { status } = await connection.answer();
    connection.close();
    expect(status === 200 || (status >= 400 && status < 500), String(status)).toBe(true);
    for (const received of target.cluster.standInLog().slice(before))
      expect(JSON.stringify(received).toLowerCase()).not.toMatch(/x-evil"|x-long/);
  });
});

it('none of it is in the log', () => {
  expect(target.cluster.output).not.toContain(CANARY);
});
