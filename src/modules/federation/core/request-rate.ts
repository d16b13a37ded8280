import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { subscriberOf } from '../../../platform/http/allowed-networks.js';
import { httpErrors } from '../../../platform/http/http.errors.js';

/** What one address may ask of the public routes in a minute: many people behind one, signing in at nine o'clock (A7). */
const REQUESTS_PER_WINDOW = 60;
const WINDOW_MS = 60_000;
/** Addresses remembered; past it the one that began first is forgotten. */
const CAPACITY = 20_000;

/** Bounds what strangers can make Lethe ask of providers and of the database, per address and process. */
@Injectable()
export class RequestRate {
  private readonly windows = new Map<string, { count: number; readonly untilMs: number }>();

  constructor(private readonly clock: Clock) {}

  /** Counts a request. Raises `http/too_many_requests` with the time to wait. */
  count(remoteAddress: string): void {
    const nowMs = this.clock.monotonicMs();
    const subscriber = subscriberOf(remoteAddress);
    const open = this.windows.get(subscriber);
    if (open === undefined || nowMs >= open.untilMs) {
      this.begin(subscriber, nowMs);
      return;
    }
    open.count += 1;
    if (open.count > REQUESTS_PER_WINDOW) {
      throw httpErrors.too_many_requests({ details: { retryAfterSeconds: Math.ceil((open.untilMs - nowMs) / 1_000) } });
    }
  }

  private begin(subscriber: string, nowMs: number): void {
    this.windows.delete(subscriber);
    this.windows.set(subscriber, { count: 1, untilMs: nowMs + WINDOW_MS });
    const [oldest] = this.windows.keys();
    if (this.windows.size > CAPACITY && oldest !== undefined) this.windows.delete(oldest);
  }
}
