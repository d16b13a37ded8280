import { describe, expect, it } from 'vitest';
import { Cancelled, failureOfAnswer, failureOfConnection, failureOfStatus } from './attempt-failure.js';

const refusal = (retryAfter?: string, code: string | null = null) => ({ retryAfter, code, answer: undefined });

describe('what may be tried after a status', () => {
  it.each([
    [408, 'retry', 502],
    [409, 'retry', 502],
    [429, 'retry', 429],
    [500, 'retry', 502],
    [502, 'retry', 502],
    [503, 'retry', 502],
    [504, 'retry', 502],
    [529, 'retry', 502],
    [599, 'retry', 502],
    [401, 'other', 502],
    [402, 'other', 502],
    [403, 'other', 502],
    [404, 'other', 404],
    [405, 'other', 502],
    [407, 'other', 502],
    [204, 'other', 502],
    [302, 'other', 502],
    [400, 'stop', 400],
    [413, 'stop', 413],
    [422, 'stop', 422],
    [451, 'stop', 451],
  ])('%s: %s, told to the client as %s', (status, next, told) => {
    const failure = failureOfStatus(status, refusal());
    expect([failure.next, failure.error.status, failure.mayHaveBilled, failure.class]).toEqual([next, told, false, `status_${status}`]);
  });

  it('an account without money is not asked again, and is not called the quota of the client', () => {
    const failure = failureOfStatus(429, refusal('1', 'insufficient_quota'));
    expect([failure.next, failure.error.code]).toEqual(['other', 'gateway/upstream_refused']);
  });

  it.each([
    ['0', 0, 1],
    ['0.4', 400, 1],
    ['7', 7_000, 7],
    ['7.2', 7_200, 8],
    ['999999', 3_600_000, 3600],
  ])('retry-after %s is %s ms for us and %s s for the client', (header, waitMs, seconds) => {
    const failure = failureOfStatus(429, refusal(header));
    expect([failure.waitMs, failure.error.details.retryAfterSeconds]).toEqual([waitMs, seconds]);
  });

  it.each(['soon', '-1', '1e3', '', 'Wed, 21 Oct 2026 07:28:00 GMT'])('retry-after %j is no number of seconds', (header) => {
    expect(failureOfStatus(429, refusal(header)).waitMs).toBeUndefined();
  });
});

describe('peers 12: what may have been billed', () => {
  it.each([
    ['a connection that was never made', failureOfConnection(new Error('refused'), false), false],
    ['a connection that broke after the request went out', failureOfConnection(new Error('reset'), true), true],
    ['a time-out before the request went out', failureOfConnection(new Cancelled('timeout'), false), false],
    ['a time-out after it', failureOfConnection(new Cancelled('timeout'), true), true],
    ['a client that left after it', failureOfConnection(new Cancelled('client_gone'), true), true],
    ['a 200 that is no answer', failureOfAnswer('invalid'), true],
    ['a 200 that was cut', failureOfAnswer('cut'), true],
    ['a 200 that was an error', failureOfAnswer('error_event'), false],
  ])('%s', (_what, failure, mayHaveBilled) => {
    expect(failure.mayHaveBilled).toBe(mayHaveBilled);
  });

  it('nothing is tried for a client that is gone, or in a process that stops', () => {
    for (const reason of ['client_gone', 'shutdown'] as const) expect(failureOfConnection(new Cancelled(reason), false).next).toBe('stop');
  });
});
