import type { OnApplicationShutdown } from '@nestjs/common';
import { type CallSubject, RateLimits, type RateLimitStatus, type RateLimitTicket, type RateLimitWindow } from '../usage.contract.js';
import { usageErrors } from '../usage.errors.js';
import type { LimitBook } from './limit-book.js';
import { slidingUse, WINDOW_MS, type WindowCounters, type WindowDecision, type WindowRequest, type WindowState } from './window-counter.js';

interface Limit extends WindowRequest {
  readonly unit: 'requests' | 'tokens';
}

const NO_LIMITS: RateLimitTicket = { status: { requests: null, tokens: null }, adjust: () => undefined };

/** {@link RateLimits} over counters of one process or of all. A call counts against its organisation, its project and its key at once. */
export class RateLimiter extends RateLimits implements OnApplicationShutdown {
  constructor(
    private readonly book: LimitBook,
    private readonly counters: WindowCounters,
  ) {
    super();
  }

  override async take(subject: CallSubject, tokens: number): Promise<RateLimitTicket> {
    const limits = this.limitsFor(subject, tokens);
    if (limits.length === 0) return NO_LIMITS;
    const taken = this.counters.take(limits);
    const decision = taken instanceof Promise ? await taken : taken;
    const { refusedBy, states } = decision;
    const status = statusOf(limits, states);
    if (refusedBy !== null) throw refusal(limits[refusedBy] as Limit, states[refusedBy] as WindowState, status);
    return { status, adjust: adjustment(limits, decision) };
  }

  onApplicationShutdown(): void {
    this.counters.close();
  }

  private limitsFor(subject: CallSubject, expectedTokens: number): Limit[] {
    // A call that is expected to take nothing would pass a limit that is used up.
    const tokens = Math.max(1, Math.ceil(expectedTokens));
    const limits: Limit[] = [];
    for (const rule of this.book.ratesFor(subject)) {
      if (rule.requestsPerMinute !== null)
        limits.push({ key: `r:${rule.scopeId}`, unit: 'requests', limit: rule.requestsPerMinute, take: 1 });
      if (rule.tokensPerMinute !== null)
        limits.push({ key: `t:${rule.scopeId}`, unit: 'tokens', limit: rule.tokensPerMinute, take: tokens });
    }
    return limits;
  }
}

/** Each adjustment corrects the one before it, so a figure that arrives later replaces an earlier one. */
function adjustment(limits: readonly Limit[], decision: WindowDecision): (actualTokens: number) => void {
  const tokenLimits = limits.filter((limit) => limit.unit === 'tokens');
  let booked = tokenLimits[0]?.take ?? 0;
  return (actualTokens) => {
    const difference = Math.ceil(actualTokens) - booked;
    booked += difference;
    if (difference !== 0) for (const limit of tokenLimits) decision.correct(limit.key, difference);
  };
}

function refusal(limit: Limit, state: WindowState, status: RateLimitStatus): Error {
  if (limit.take > limit.limit)
    return usageErrors.request_too_large({ details: { unit: limit.unit, limit: limit.limit, wanted: limit.take, status } });
  return usageErrors.rate_limited({
    details: { unit: limit.unit, limit: limit.limit, wanted: limit.take, retryAfterSeconds: secondsUntilRoom(limit, state), status },
  });
}

/** The previous window fades evenly, so room for `take` opens at some moment of this window, or else of the next. */
function secondsUntilRoom(limit: Limit, state: WindowState): number {
  const most = limit.limit - limit.take;
  const current = countedNow(state);
  const waitMs =
    current <= most
      ? state.windowLeftMs - timeLeftWhenFadedTo(most - current, state.previous)
      : state.windowLeftMs + WINDOW_MS - timeLeftWhenFadedTo(most, current);
  return Math.max(1, Math.ceil(waitMs / 1000));
}

/** How much of a window is left when one that counted `amount` before it still weighs `rest`. */
function timeLeftWhenFadedTo(rest: number, amount: number): number {
  return (rest / Math.max(1, amount)) * WINDOW_MS;
}

/** What the current window counted by itself. */
function countedNow(state: WindowState): number {
  return state.used - slidingUse(state.previous, 0, state.windowLeftMs);
}

/** What the current window counted still weighs through the next one. */
function secondsUntilFree(state: WindowState): number {
  if (state.used === 0) return 0;
  return Math.ceil((countedNow(state) > 0 ? state.windowLeftMs + WINDOW_MS : state.windowLeftMs) / 1000);
}

function statusOf(limits: readonly Limit[], states: readonly WindowState[]): RateLimitStatus {
  const tightest = (unit: Limit['unit']): RateLimitWindow | null => {
    let found: RateLimitWindow | null = null;
    limits.forEach((limit, index) => {
      const state = states[index];
      if (limit.unit !== unit || !state) return;
      const remaining = Math.max(0, limit.limit - state.used);
      if (!found || remaining < found.remaining) found = { limit: limit.limit, remaining, resetSeconds: secondsUntilFree(state) };
    });
    return found;
  };
  return { requests: tightest('requests'), tokens: tightest('tokens') };
}
