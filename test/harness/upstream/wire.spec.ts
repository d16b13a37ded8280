import OpenAI, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startUpstream, type Upstream } from './server.ts';
import { promptTokensOf } from './usage.ts';

const KEY = 'sk-stand-in-0123456789';
const messages = [{ role: 'user' as const, content: 'How wide is the harbour?' }];
let upstream: Upstream;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream({
    keys: [KEY, 'sk-always-busy'],
    keyBehaviours: { 'sk-always-busy': 'overloaded' },
    models: ['stand-in'],
  });
  client = new OpenAI({ baseURL: upstream.url, apiKey: KEY, maxRetries: 0 });
});
beforeEach(() => upstream.reset());
afterAll(() => upstream.close());

async function streamed(model: string, more: { stream_options?: { include_usage: boolean }; max_tokens?: number; n?: number } = {}) {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true, ...more })) chunks.push(chunk);
  return chunks;
}

describe('a completion read by the official SDK', () => {
  test('is whole, with usage that follows from the request alone', async () => {
    const { data, response } = await client.chat.completions.create({ model: 'stand-in', messages, max_tokens: 5 }).withResponse();
    expect(data.choices[0]?.message.content).toBe('river stone light garden paper');
    expect(data.choices[0]?.finish_reason).toBe('length');
    expect(data.usage).toMatchObject({
      prompt_tokens: promptTokensOf(messages),
      completion_tokens: 5,
      total_tokens: promptTokensOf(messages) + 5,
    });
    expect(data.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('9999');
  });

  test('counts cached tokens inside the prompt and reasoning tokens inside the completion', async () => {
    const { usage } = await client.chat.completions.create({ model: 'scenario:cached', messages });
    expect(usage).toMatchObject({
      prompt_tokens: 2048,
      completion_tokens: 64,
      prompt_tokens_details: { cached_tokens: 1024 },
      completion_tokens_details: { reasoning_tokens: 48 },
    });
  });

  test('is repeated for every choice, and every choice is counted', async () => {
    const { choices, usage } = await client.chat.completions.create({ model: 'stand-in', messages, n: 3, max_tokens: 4 });
    expect(choices).toHaveLength(3);
    expect(usage?.completion_tokens).toBe(12);
  });

  test('gives each answer ids of its own', async () => {
    const first = await client.chat.completions.create({ model: 'stand-in', messages });
    const second = await client.chat.completions.create({ model: 'stand-in', messages });
    expect(second.id).not.toBe(first.id);
    expect(upstream.calls().map((call) => call.responseId)).toEqual([first.id, second.id]);
  });

  test('echoes the prompt when asked, so that planted tokens come back', async () => {
    const { choices } = await client.chat.completions.create({ model: 'scenario:echo', messages });
    expect(choices[0]?.message.content).toBe('How wide is the harbour?');
  });

  test('arrives compressed when both sides agree', async () => {
    const { choices } = await client.chat.completions.create({ model: 'scenario:gzip', messages });
    expect(choices[0]?.message.content).toContain('river');
    expect((await streamed('scenario:gzip')).at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });
});

describe('a stream read by the official SDK', () => {
  test('goes role, content, finish, and tells usage only when asked', async () => {
    const chunks = await streamed('stand-in', { max_tokens: 4 });
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(
      chunks
        .slice(1, 5)
        .map((chunk) => chunk.choices[0]?.delta.content)
        .join(''),
    ).toBe('river stone light garden');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length');
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
  });

  test('ends with a usage chunk without choices when include_usage is set', async () => {
    const chunks = await streamed('stand-in', { max_tokens: 4, stream_options: { include_usage: true } });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(upstream.calls()[0]?.reported?.completion_tokens).toBe(4);
  });

  test.each([
    ['scenario:deepseek', { prompt_cache_hit_tokens: 4 }],
    ['scenario:usage-unasked', { completion_tokens: 16 }],
  ])('%s tells usage unasked', async (model, usage) => {
    expect((await streamed(model)).at(-1)?.usage).toMatchObject(usage);
  });

  test('Groq style tells usage only as x_groq.usage', async () => {
    const last = (await streamed('scenario:groq', { stream_options: { include_usage: true } })).at(-1);
    expect(last).toMatchObject({ x_groq: { usage: { completion_tokens: 16 } } });
    expect(last?.choices).toHaveLength(1);
  });

  test('can say zero, and can say nothing, which is not the same', async () => {
    const asked = { stream_options: { include_usage: true } };
    expect((await streamed('scenario:zero-usage', asked)).at(-1)?.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0 });
    expect((await streamed('scenario:no-usage', asked)).some((chunk) => chunk.usage != null)).toBe(false);
  });

  test('carries tool calls whose pieces join to valid JSON', async () => {
    const completion = await client.chat.completions.stream({ model: 'scenario:tools', messages }).finalChatCompletion();
    const call = completion.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ text: expect.stringContaining('river stone') });
    expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('carries refusals and reasoning in their own fields', async () => {
    expect((await streamed('scenario:refusal'))[1]?.choices[0]?.delta.refusal).toBe('river');
    expect((await streamed('scenario:reasoning'))[1]?.choices[0]?.delta).toMatchObject({ reasoning_content: 'river' });
  });

  test.each(['pieces', 'bytes', 'merged', 'crlf', 'comments', 'processing', 'no-done', 'scenario:bytes,eol=crlf,comment=hi'])(
    '%s reads the same as whole events',
    async (name) => {
      const text = (chunks: OpenAI.ChatCompletionChunk[]) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
      const model = name.startsWith('scenario:') ? name : `scenario:${name}`;
      expect(text(await streamed(model, { max_tokens: 40 }))).toBe(text(await streamed('stand-in', { max_tokens: 40 })));
    },
  );
});

describe('an error read by the official SDK', () => {
  test.each([
    [400, BadRequestError, null],
    [401, AuthenticationError, 'invalid_api_key'],
    [403, PermissionDeniedError, 'unsupported_country_region_territory'],
    [404, NotFoundError, 'model_not_found'],
    [408, APIError, 'request_timeout'],
    [409, ConflictError, 'conflict'],
    [413, APIError, 'request_too_large'],
    [422, UnprocessableEntityError, 'unprocessable_entity'],
    [429, RateLimitError, 'rate_limit_exceeded'],
    [500, InternalServerError, null],
    [502, InternalServerError, 'bad_gateway'],
    [503, InternalServerError, 'service_unavailable'],
    [504, InternalServerError, 'gateway_timeout'],
    [529, InternalServerError, 'overloaded'],
  ])('%i is its own class and code', async (status, errorClass, code) => {
    for (const stream of [false, true]) {
      const error = await client.chat.completions.create({ model: `scenario:status,status=${status}`, messages, stream }).then(
        () => null,
        (failure: unknown) => failure,
      );
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject({ status, code });
    }
    expect(upstream.calls().map((call) => call.outcome)).toEqual([`error:${status}`, `error:${status}`]);
  });

  test('a wrong or absent key is 401, without the whole key in it', async () => {
    const wrong = new OpenAI({ baseURL: upstream.url, apiKey: 'sk-wrong-key-987654321', maxRetries: 0 });
    const error = await wrong.models.list().then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(JSON.stringify((error as APIError).error)).not.toContain('wrong-key');
    expect((await fetch(`${upstream.url}/models`)).status).toBe(401);
  });

  test('peers 22: an upstream can repeat the key in body and header, for gateways to stop it', async () => {
    const answer = await raw({ model: 'scenario:echo-key' });
    expect([answer.status, answer.headers.get('x-rejected-key'), await answer.text()]).toEqual([401, KEY, expect.stringContaining(KEY)]);
  });

  test('retry-after comes in seconds and in milliseconds', async () => {
    expect((await raw({ model: 'scenario:rate-limited' })).headers.get('retry-after')).toBe('1');
    expect((await raw({ model: 'scenario:status,status=429,retryAfterMs=250' })).headers.get('retry-after-ms')).toBe('250');
  });

  test('a proxy answers with a page instead of JSON', async () => {
    const answer = await raw({ model: 'scenario:proxy-page,status=503' });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      503,
      'text/html',
      expect.stringContaining('<h1>503'),
    ]);
  });

  test('an error event ends a stream, first or after content', async () => {
    await expect(streamed('scenario:error-event')).rejects.toBeInstanceOf(APIError);
    await expect(streamed('scenario:error-event,errorEventAfter=2')).rejects.toBeInstanceOf(APIError);
    expect(upstream.calls().map((call) => [call.outcome, call.contentChunks])).toEqual([
      ['error:event', 0],
      ['error:event', 2],
    ]);
  });

  test('a redirect names another host, and broken or mistyped bodies come with 200', async () => {
    const redirect = await raw({ model: 'scenario:redirect' }, { redirect: 'manual' });
    expect([redirect.status, redirect.headers.get('location')]).toEqual([307, 'http://redirected.invalid/v1/chat/completions']);
    const broken = await raw({ model: 'scenario:invalid-json' });
    expect(broken.status).toBe(200);
    await expect(broken.json()).rejects.toThrow(SyntaxError);
    expect((await raw({ model: 'scenario:wrong-type', stream: true })).headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('flaky fails by key and model, then succeeds', async () => {
    const model = 'scenario:flaky,failures=2';
    const statuses = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await raw({ model })).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
  });

  test('one key fails while another succeeds on the same model', async () => {
    expect((await raw({ model: 'stand-in' }, { headers: { authorization: 'Bearer sk-always-busy' } })).status).toBe(529);
    expect((await raw({ model: 'stand-in' })).status).toBe(200);
  });

  test.each([
    ['{"model":', null, null],
    ['{"model":"stand-in"}', 'missing_required_parameter', 'messages'],
    ['{"model":"stand-in","messages":[]}', 'empty_array', 'messages'],
    ['{"messages":[{}]}', 'missing_required_parameter', 'model'],
    ['{"model":"m","messages":[{}],"max_tokens":0}', 'invalid_value', 'max_tokens'],
    ['{"model":"scenario:cutt","messages":[{}]}', 'unknown_scenario', 'model'],
    ['{"model":"scenario:cut,after=3","messages":[{}]}', 'unknown_scenario', 'model'],
    ['{"model":"scenario:redirect,redirectTo=%zz","messages":[{}]}', 'unknown_scenario', 'model'],
  ])('refuses %s', async (body, code, param) => {
    const answer = await raw(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error', code, param } });
  });

  test('a behaviour that cannot be carried out is a 500, and the server lives on', async () => {
    const answer = await raw({ model: 'scenario:redirect,redirectTo=a%0Ab' });
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('stand_in_failed')]);
    expect((await raw({ model: 'stand-in' })).status).toBe(200);
  });

  test('unknown addresses and methods are 404 and 405', async () => {
    const authorization = `Bearer ${KEY}`;
    expect((await fetch(`${upstream.url}/nothing`, { headers: { authorization } })).status).toBe(404);
    expect((await fetch(`${upstream.url}/chat/completions`, { headers: { authorization } })).status).toBe(405);
  });

  test('a connection reset before the status line is a connection error', async () => {
    await expect(client.chat.completions.create({ model: 'scenario:reset', messages })).rejects.toBeInstanceOf(APIConnectionError);
  });
});

test('models are listed', async () => {
  expect((await client.models.list()).data.map((model) => model.id)).toEqual(['stand-in']);
  expect((await client.models.retrieve('anything')).id).toBe('anything');
});

function raw(body: string | Record<string, unknown>, init: RequestInit = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify({ messages, ...body });
  return fetch(`${upstream.url}/chat/completions`, { method: 'POST', body: text, headers: { authorization: `Bearer ${KEY}` }, ...init });
}
