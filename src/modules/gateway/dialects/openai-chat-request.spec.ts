import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../kernel/errors.js';
import type { ReadRequest, RequestChanges } from './dialect.js';
import { openAiChat } from './openai-chat.js';

const dialect = openAiChat();
const hello = [{ role: 'user', content: 'Hello' }];

function read(request: Record<string, unknown>): ReadRequest {
  return dialect.readRequest(Buffer.from(JSON.stringify({ model: 'gpt-4o', messages: hello, ...request })));
}

function fieldRefused(request: Record<string, unknown> | string): string {
  try {
    if (typeof request === 'string') dialect.readRequest(Buffer.from(request));
    else read(request);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.status).toBe(400);
    return JSON.parse(dialect.writeError(error, 'req_1').body.toString()).error.param;
  }
  throw new Error('was accepted');
}

function rewrite(text: string, changes: RequestChanges): string {
  const body = Buffer.from(text);
  return dialect.rewriteRequest(body, dialect.readRequest(body), changes).toString();
}

describe('reading a chat completion request', () => {
  it('gives what routing and metering need', () => {
    const body = JSON.stringify({
      model: 'team/gpt-4o',
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 300,
      n: 2,
      user: 'user-7',
      some_new_field: { anything: [1] },
    });
    expect(dialect.readRequest(Buffer.from(body))).toMatchObject({
      model: 'team/gpt-4o',
      stream: true,
      includeUsage: true,
      maxOutputTokens: 300,
      choices: 2,
      inputBytes: Buffer.byteLength(body),
      endUser: 'user-7',
    });
  });

  it('takes null for absent, as OpenAI does', () => {
    const nothing = {
      stream: null,
      stream_options: null,
      max_tokens: null,
      max_completion_tokens: null,
      n: null,
      user: null,
      tools: null,
      metadata: null,
      store: null,
    };
    expect(read(nothing)).toMatchObject({ stream: false, includeUsage: false, maxOutputTokens: null, choices: 1, endUser: null });
  });

  it('holds for the larger of two output limits', () => {
    expect(read({ max_tokens: 10, max_completion_tokens: 99 }).maxOutputTokens).toBe(99);
  });

  it('reads 10,000 messages and refuses more than the limit', () => {
    const many = (count: number): Record<string, unknown> => ({ messages: Array.from({ length: count }, () => hello[0]) });
    expect(read(many(10_000)).inputTokensEstimate).toBeGreaterThan(40_000);
    expect(fieldRefused(many(20_001))).toBe('messages');
  });

  it.each<[string, Record<string, unknown>]>([
    ['model', { model: undefined }],
    ['model', { model: '' }],
    ['model', { model: 7 }],
    ['model', { model: ['gpt-4o'] }],
    ['model', { model: 'x'.repeat(257) }],
    ['model', { model: 'gpt\u00004o' }],
    ['model', { model: 'gpt\n4o' }],
    ['model', { model: 'gpt\ud800' }],
    ['model', { model: 'gpt\u202e4o' }],
    ['messages', { messages: undefined }],
    ['messages', { messages: [] }],
    ['messages', { messages: 'Hello' }],
    ['messages', { messages: { 0: hello[0] } }],
    ['messages[1]', { messages: [hello[0], 'Hello'] }],
    ['messages[1]', { messages: [hello[0], null] }],
    ['messages[0]', { messages: [[]] }],
    ['messages[0].role', { messages: [{ content: 'Hello' }] }],
    ['messages[0].role', { messages: [{ role: 1, content: 'Hello' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: { text: 'Hello' } }] }],
    ['stream', { stream: 'true' }],
    ['stream', { stream: 1 }],
    ['stream_options', { stream: true, stream_options: [] }],
    ['stream_options', { stream_options: 'usage' }],
    ['stream_options.include_usage', { stream: true, stream_options: { include_usage: 'yes' } }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: -1 }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_tokens', { max_tokens: '100' }],
    ['max_tokens', { max_tokens: 1e300 }],
    ['max_completion_tokens', { max_completion_tokens: 2 ** 31 }],
    ['n', { n: 0 }],
    ['n', { n: 129 }],
    ['user', { user: 5 }],
    ['user', { user: 'a\u0000b' }],
    ['user', { user: 'a\udc00' }],
    ['user', { user: 'x'.repeat(513) }],
    ['metadata', { metadata: 'x' }],
    ['tools', { tools: {} }],
    ['store', { store: 'no' }],
  ])('refuses a wrong %s with 400 and its name: %j', (field, request) => {
    expect(fieldRefused(request)).toBe(field);
  });

  it('refuses stream_options with a double include_usage, which two parsers could read two ways', () => {
    const body = '{"model":"m","messages":[{"role":"user"}],"stream":true,"stream_options":{"include_usage":false,"include_usage":true}}';
    expect(fieldRefused(body)).toBe('stream_options.include_usage');
  });

  it('leaves NUL and lone surrogates in content to the provider', () => {
    const body = '{"model":"m","messages":[{"role":"user","content":"a\\u0000b\\ud800"}]}';
    expect(rewrite(body, { model: 'n' })).toBe(body.replace('"m"', '"n"'));
  });

  it('is not misled by __proto__ members', () => {
    const body = '{"__proto__":{"model":"evil","stream":true},"model":"m","messages":[{"role":"user"}]}';
    expect(dialect.readRequest(Buffer.from(body))).toMatchObject({ model: 'm', stream: false });
    expect(fieldRefused('{"__proto__":{"model":"evil"},"messages":[{"role":"user"}]}')).toBe('model');
  });

  it('answers any JSON value in any field with a request or a 400, nothing else', () => {
    const fields = [
      'model',
      'messages',
      'stream',
      'stream_options',
      'max_tokens',
      'n',
      'user',
      'tools',
      'metadata',
      'functions',
      'response_format',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (field, value, part) => {
        for (const request of [
          { [field]: value },
          { messages: [{ role: 'user', content: value, tool_calls: part }] },
          { messages: [{ role: 'user', content: [value, part] }] },
        ]) {
          try {
            expect(read(request).inputTokensEstimate).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the input estimate', () => {
  it('counts an image by a fixed figure, however long its data URL is', () => {
    const image = (url: string, detail?: string): number =>
      read({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, detail } }] }] }).inputTokensEstimate;
    expect(image(`data:image/png;base64,${'A'.repeat(1_000_000)}`)).toBe(image('https://example.com/a.png'));
    expect(image('https://example.com/a.png', 'low')).toBeLessThan(200);
  });

  it('grows with text, tool results, tool schemas and files', () => {
    const estimates = [
      read({}),
      read({ messages: [...hello, { role: 'tool', content: 'x'.repeat(400) }] }),
      read({ messages: [...hello, { role: 'user', content: [{ type: 'text', text: 'x'.repeat(4000) }] }] }),
      read({ tools: [{ type: 'function', function: { name: 'f', description: 'x'.repeat(8000) } }] }),
      read({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'x'.repeat(640_000) } }] }] }),
    ].map((request) => request.inputTokensEstimate);
    expect(estimates).toEqual([...estimates].sort((a, b) => a - b));
    expect(estimates[1]).toBeGreaterThan((estimates[0] ?? 0) + 100);
  });
});

describe('rewriting a request', () => {
  const body =
    '{ "model" : "alias", "seed": 12345678901234567890,\n "messages":[{"role":"user","content":"é\\u00e9"}], "temperature":1.0 }';

  it('changes the model and leaves every other byte as it came, numbers beyond a double included', () => {
    expect(rewrite(body, { model: 'gpt-4o-"x"' })).toBe(body.replace('"alias"', '"gpt-4o-\\"x\\""'));
  });

  it('gives the same buffer back when there is nothing to change', () => {
    const buffer = Buffer.from(body);
    expect(dialect.rewriteRequest(buffer, dialect.readRequest(buffer), { model: 'alias', includeUsage: true })).toBe(buffer);
  });

  it('C8: writes store: false, over a store: true of the client as well', () => {
    expect(JSON.parse(rewrite(body, { neverStore: true }))).toMatchObject({ store: false, model: 'alias' });
    expect(rewrite('{"store":true,"model":"m","messages":[{"role":"user"}]}', { neverStore: true })).toBe(
      '{"store":false,"model":"m","messages":[{"role":"user"}]}',
    );
  });

  it('asks for usage in whatever state stream_options are, and keeps their other members', () => {
    const ask = (options: string): unknown =>
      JSON.parse(
        rewrite(`{"model":"m","stream":true,"messages":[{"role":"user"}]${options}}`, { includeUsage: true, model: 'n', neverStore: true }),
      );
    const expected = { model: 'n', store: false, stream: true, messages: [{ role: 'user' }] };
    expect(ask('')).toEqual({ ...expected, stream_options: { include_usage: true } });
    expect(ask(',"stream_options":null')).toEqual({ ...expected, stream_options: { include_usage: true } });
    expect(ask(',"stream_options":{}')).toEqual({ ...expected, stream_options: { include_usage: true } });
    expect(ask(',"stream_options": { "include_usage" : false, "include_obfuscation":false }')).toEqual({
      ...expected,
      stream_options: { include_usage: true, include_obfuscation: false },
    });
    expect(ask(',"stream_options":{"include_usage":null}')).toEqual({ ...expected, stream_options: { include_usage: true } });
    expect(ask(',"stream_options":{"include_usage":true}')).toEqual({ ...expected, stream_options: { include_usage: true } });
  });
});
