import { describe, expect, it } from 'vitest';
import { openai } from '../providers/openai.js';
import { readRefusal, showsPieceOf, upstreamHeaders } from './upstream-request.js';

const SECRET = 'sk-proj-AbCdEfGh0123456789zyxwvu';
const JSON_TYPE = 'application/json';

describe('C9: upstream headers', () => {
  it('are written anew, from an allow-list', () => {
    const client = {
      authorization: 'Bearer lethe_sk_x',
      cookie: 'a=b',
      host: 'lethe',
      'openai-beta': 'x=1',
      'x-client-request-id': 'mine',
      'idempotency-key': 'k',
    };
    expect(upstreamHeaders(openai, SECRET, client, true)).toEqual({
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'user-agent': 'lethe',
      authorization: `Bearer ${SECRET}`,
      'openai-beta': 'x=1',
      'x-client-request-id': 'mine',
    });
  });

  it.each(['', ' leading', '\u00e9', 'x'.repeat(513)])('leave out the value %j', (value) => {
    expect(upstreamHeaders(openai, SECRET, { 'x-client-request-id': value }, false)).not.toHaveProperty('x-client-request-id');
  });
});

describe('peers 22: a refusal', () => {
  const body = (error: unknown) => Buffer.from(JSON.stringify({ error }));

  it('is shown as it came, with its code read', () => {
    const shown = body({ message: 'too long', code: 'context_length_exceeded' });
    expect(readRefusal(shown, JSON_TYPE, SECRET)).toEqual({
      code: 'context_length_exceeded',
      answer: { contentType: 'application/json; charset=utf-8', body: shown },
    });
  });

  it.each([
    ['the whole credential', `wrong key ${SECRET}`],
    ['its beginning', `wrong key ${SECRET.slice(0, 12)}…`],
    ['its end', `wrong key …${SECRET.slice(-8)}`],
  ])('that quotes %s is not shown', (_what, message) => {
    expect(readRefusal(body({ message, code: 'invalid_api_key' }), JSON_TYPE, SECRET)).toEqual({
      code: 'invalid_api_key',
      answer: undefined,
    });
  });

  it.each([
    ['HTML', Buffer.from('<html>'), 'text/html'],
    ['JSON without an error', Buffer.from('{"detail":"no"}'), JSON_TYPE],
    ['broken JSON', Buffer.from('{"error":'), JSON_TYPE],
    ['a list', Buffer.from('[]'), JSON_TYPE],
    ['nothing', Buffer.alloc(0), JSON_TYPE],
    ['something too large', body('x'.repeat(70_000)), JSON_TYPE],
  ])('that is %s is not shown', (_what, bytes, type) => {
    expect(readRefusal(bytes, type, SECRET)).toEqual({ code: null, answer: undefined });
  });

  it('of a very short credential is searched for the whole of it only', () => {
    expect(showsPieceOf('abc', Buffer.from('abc'))).toBe(false);
    expect(showsPieceOf('abcdef', Buffer.from('xabcdefx'))).toBe(true);
  });
});
