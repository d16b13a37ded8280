import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { AppError, invalidRequest, kernelErrors } from '../../../kernel/errors.js';
import { writeOpenAiError, writeOpenAiStreamError } from './openai-errors.js';

function written(error: AppError): { status: number; headers: Readonly<Record<string, string | number>>; error: Record<string, unknown> } {
  const { status, headers, body } = writeOpenAiError(error, 'req_42');
  return { status, headers, error: JSON.parse(body.toString()).error };
}

describe('an error in the OpenAI dialect', () => {
  it.each([
    [401, 401, 'invalid_request_error', 'invalid_api_key'],
    [402, 429, 'insufficient_quota', 'insufficient_quota'],
    [403, 403, 'invalid_request_error', 'permission_denied'],
    [404, 404, 'invalid_request_error', 'model_not_found'],
    [413, 413, 'invalid_request_error', 'request_too_large'],
    [429, 429, 'requests', 'rate_limit_exceeded'],
    [500, 500, 'server_error', 'server_error'],
    [502, 502, 'upstream_error', 'upstream_error'],
    [503, 503, 'server_error', 'service_unavailable'],
    [504, 504, 'upstream_error', 'upstream_timeout'],
    [418, 418, 'invalid_request_error', null],
    [599, 599, 'server_error', 'server_error'],
  ])('%i leaves as %i %s', (status, onTheWire, type, code) => {
    const result = written(new AppError('gateway/anything', status, 'What happened.'));
    expect(result.status).toBe(onTheWire);
    expect(result.error).toMatchObject({ message: 'What happened.', type, code, request_id: 'req_42' });
    expect(result.headers['x-request-id']).toBe('req_42');
  });

  it('names the field, and a missing model is one', () => {
    expect(written(invalidRequest([{ field: 'messages[0].role', message: 'is required' }])).error.param).toBe('messages[0].role');
    expect(written(new AppError('routing/model_not_found', 404, 'No such model.')).error.param).toBe('model');
    expect(written(kernelErrors.not_found()).error).toMatchObject({ param: null, code: 'unknown_url' });
  });

  it('tells when to come back, and that a spent budget is not to be retried', () => {
    expect(written(new AppError('usage/rate_limited', 429, 'Slow down.', { retryAfterSeconds: 0.2, unit: 'tokens' }))).toMatchObject({
      headers: { 'retry-after': '1' },
      error: { type: 'tokens' },
    });
    expect(written(new AppError('usage/budget_exhausted', 402, 'Spent.', { retryAfterSeconds: 3600 })).headers).toMatchObject({
      'retry-after': '3600',
      'x-should-retry': 'false',
    });
  });

  it('peers 22: carries neither the cause nor details that are not the field', () => {
    const error = new AppError(
      'gateway/upstream_failed',
      502,
      'The provider failed.',
      { url: 'https://x/?key=sk-secret' },
      { cause: new Error('sk-secret') },
    );
    expect(writeOpenAiError(error, 'r').body.toString()).not.toContain('sk-secret');
    expect(writeOpenAiStreamError(error, 'r').toString()).not.toContain('sk-secret');
  });

  it('is what the official SDK takes for its own errors, without retrying a spent budget', async () => {
    let calls = 0;
    const answer = (error: AppError) => async (): Promise<Response> => {
      calls++;
      const { status, headers, body } = writeOpenAiError(error, 'req_42');
      return new Response(new Uint8Array(body), { status, headers: Object.entries(headers).map(([name, value]) => [name, String(value)]) });
    };
    const ask = (error: AppError): Promise<unknown> =>
      new OpenAI({ apiKey: 'k', baseURL: 'http://gateway.test/v1', fetch: answer(error) }).chat.completions
        .create({ model: 'm', messages: [] })
        .catch((thrown: unknown) => thrown);
    const spent = await ask(new AppError('usage/budget_exhausted', 402, 'Spent.', { retryAfterSeconds: 3600 }));
    expect(spent).toBeInstanceOf(OpenAI.RateLimitError);
    expect(spent).toMatchObject({ code: 'insufficient_quota', requestID: 'req_42' });
    expect(calls).toBe(1);
    expect(await ask(new AppError('auth/invalid_key', 401, 'No.'))).toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('peers 13: ends a stream so that the official SDK throws instead of taking the answer for whole', async () => {
    const begun = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n';
    const ending = writeOpenAiStreamError(new AppError('gateway/upstream_cut', 502, 'The provider broke off.'), 'req_42');
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://gateway.test/v1',
      fetch: async () => new Response(begun + ending.toString(), { headers: { 'content-type': 'text/event-stream' } }),
    });
    const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true });
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) seen.push(chunk);
      })(),
    ).rejects.toMatchObject({ code: 'upstream_error', message: expect.stringContaining('broke off') });
    expect(seen).toHaveLength(1);
  });
});
