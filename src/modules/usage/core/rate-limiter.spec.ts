import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../kernel/errors.js';
import type { CallSubject, RateLimitTicket } from '../usage.contract.js';
import { LimitBook, type RateRule } from './limit-book.js';
import { RateLimiter } from './rate-limiter.js';
import { LocalWindowCounters, WINDOW_MS } from './window-counter.js';

const subject = { organisationId: 'org', projectId: 'project', keyId: 'key' } as CallSubject;

function limiter(rules: readonly Partial<RateRule>[]) {
  const time = { ms: 0 };
  const book = new LimitBook();
  book.loadRates(rules.map((rule) => ({ scope: 'key', scopeId: 'key', requestsPerMinute: null, tokensPerMinute: null, ...rule })));
  return { time, limits: new RateLimiter(book, new LocalWindowCounters(() => time.ms)) };
}

async function refusalOf(attempt: Promise<RateLimitTicket>): Promise<AppError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe('rate limits', () => {
  it('peers 5: 663 tokens do not pass a limit of 100 tokens per minute', async () => {
    const { limits } = limiter([{ tokensPerMinute: 100 }]);
    let passed = 0;
    for (let call = 0; call < 39; call += 1) {
      const ticket = await limits.take(subject, 17).catch(() => null);
      if (!ticket) continue;
      ticket.adjust(17);
      passed += 17;
    }
    expect(passed).toBeLessThanOrEqual(100);
    expect(await refusalOf(limits.take(subject, 663))).toMatchObject({ code: 'usage/request_too_large', status: 429 });
  });

  it('peers 5: tokens nobody could foresee are a debt that stops the calls after it', async () => {
    const { limits, time } = limiter([{ tokensPerMinute: 100 }]);
    (await limits.take(subject, 3)).adjust(663);
    expect(await refusalOf(limits.take(subject, 1))).toMatchObject({ code: 'usage/rate_limited' });
    time.ms += WINDOW_MS;
    await refusalOf(limits.take(subject, 1));
    time.ms += WINDOW_MS;
    await expect(limits.take(subject, 100)).resolves.toBeDefined();
  });

  it('peers 5: nothing is reserved that was not asked for, so small limits are usable', async () => {
    const { limits } = limiter([{ tokensPerMinute: 100 }]);
    for (let call = 0; call < 10; call += 1) (await limits.take(subject, 4)).adjust(10);
    await refusalOf(limits.take(subject, 4));
  });

  it('a call that is expected to take nothing does not pass a limit that is used up', async () => {
    const { limits } = limiter([{ tokensPerMinute: 10 }]);
    await limits.take(subject, 10);
    await refusalOf(limits.take(subject, 0));
  });

  it('tokens taken ahead and not used are given back', async () => {
    const { limits } = limiter([{ tokensPerMinute: 100 }]);
    (await limits.take(subject, 90)).adjust(20);
    await expect(limits.take(subject, 80)).resolves.toBeDefined();
    await refusalOf(limits.take(subject, 1));
  });

  it('a later figure replaces an earlier one instead of adding to it', async () => {
    const { limits } = limiter([{ tokensPerMinute: 100 }]);
    const ticket = await limits.take(subject, 10);
    ticket.adjust(60);
    ticket.adjust(50);
    await expect(limits.take(subject, 50)).resolves.toBeDefined();
    await refusalOf(limits.take(subject, 1));
  });

  it('a call counts against its organisation, its project and its key at once', async () => {
    const rules = [
      { scope: 'organisation', scopeId: 'org', requestsPerMinute: 3 },
      { scope: 'project', scopeId: 'project', requestsPerMinute: 2 },
    ] as const;
    const { limits } = limiter(rules);
    const elsewhere = { ...subject, projectId: 'other' } as CallSubject;
    await limits.take(subject, 1);
    await limits.take(subject, 1);
    await refusalOf(limits.take(subject, 1));
    await limits.take(elsewhere, 1);
    await refusalOf(limits.take(elsewhere, 1));
  });

  it('a call without limits is not counted at all', async () => {
    const { limits } = limiter([]);
    expect((await limits.take(subject, 1e9)).status).toEqual({ requests: null, tokens: null });
  });

  it('the status shows the tightest limit of each unit', async () => {
    const { limits, time } = limiter([
      { scope: 'organisation', scopeId: 'org', requestsPerMinute: 1_000, tokensPerMinute: 50 },
      { scope: 'key', scopeId: 'key', requestsPerMinute: 10, tokensPerMinute: 5_000 },
    ]);
    time.ms = 15_000;
    expect((await limits.take(subject, 20)).status).toEqual({
      requests: { limit: 10, remaining: 9, resetSeconds: 105 },
      tokens: { limit: 50, remaining: 30, resetSeconds: 105 },
    });
  });

  it('a refusal says which limit, how much of it, and how it stands', async () => {
    const { limits } = limiter([{ requestsPerMinute: 1 }]);
    await limits.take(subject, 5);
    expect((await refusalOf(limits.take(subject, 5))).details).toEqual({
      unit: 'requests',
      limit: 1,
      wanted: 1,
      retryAfterSeconds: 120,
      status: { requests: { limit: 1, remaining: 0, resetSeconds: 120 }, tokens: null },
    });
  });

  it('retryAfterSeconds is right: the call passes after that time, and would not have two seconds earlier', async () => {
    const history = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 50_000 }), take: fc.integer({ min: 1, max: 60 }) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 100 }), async (calls, wanted) => {
        const outcomeAfter = async (earlierMs: number) => {
          const { limits, time } = limiter([{ tokensPerMinute: 100 }]);
          for (const { afterMs, take } of calls) {
            time.ms += afterMs;
            await limits.take(subject, take).catch(() => undefined);
          }
          const first = await limits.take(subject, wanted).then(
            () => null,
            (error: AppError) => Number(error.details['retryAfterSeconds']),
          );
          if (first === null || first <= earlierMs / 1_000) return null;
          time.ms += first * 1_000 - earlierMs;
          return limits.take(subject, wanted).then(
            () => 'passes',
            () => 'refused',
          );
        };
        expect(['passes', null]).toContain(await outcomeAfter(0));
        expect(['refused', null]).toContain(await outcomeAfter(2_000));
      }),
    );
  });
});
