import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { subscriberOf } from '../../../platform/http/allowed-networks.js';

/** Failed sign-ins one address may make in a minute (A7). */
const FAILURES_PER_WINDOW = 20;
const WINDOW_MS = 60_000;
/** Addresses remembered; past it the one that began first is forgotten. */
const CAPACITY = 20_000;
/** How long a secret that was right lets its address past its neighbours' failures. */
const PROVEN_MS = 600_000;

/**
 * Slows guessing at the admin API, per address and process. Someone who signed in a moment ago is not locked out by another behind the
 * same address.
 */
@Injectable()
export class SignInThrottle {
  private readonly failures = new Map<string, { count: number; readonly untilMs: number }>();
  private readonly proven = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Raises `http/too_many_requests` with the time to wait when this address failed too often. */
  check(remoteAddress: string, secretHash: Buffer): void {
    const nowMs = this.clock.monotonicMs();
    const failed = this.failures.get(subscriberOf(remoteAddress));
    if (failed === undefined || failed.count < FAILURES_PER_WINDOW || nowMs >= failed.untilMs) return;
    if ((this.proven.get(secretHash.toString('latin1')) ?? 0) > nowMs) return;
    throw httpErrors.too_many_requests({
      message: 'Too many failed sign-ins from your address. Try again later.',
      details: { retryAfterSeconds: Math.ceil((failed.untilMs - nowMs) / 1_000) },
    });
  }

  failed(remoteAddress: string): void {
    const nowMs = this.clock.monotonicMs();
    const address = subscriberOf(remoteAddress);
    const failed = this.failures.get(address);
    if (failed !== undefined && nowMs < failed.untilMs) {
      failed.count += 1;
      return;
    }
    remember(this.failures, address, { count: 1, untilMs: nowMs + WINDOW_MS });
  }

  succeeded(secretHash: Buffer): void {
    remember(this.proven, secretHash.toString('latin1'), this.clock.monotonicMs() + PROVEN_MS);
  }
}

/** Sets `name` as the youngest entry and lets the oldest go when there are too many. */
function remember<T>(entries: Map<string, T>, name: string, value: T): void {
  entries.delete(name);
  entries.set(name, value);
  if (entries.size <= CAPACITY) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
