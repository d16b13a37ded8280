import { TOTP, URI } from 'otpauth';
import { expect } from 'vitest';
import { type Clock, SystemClock } from '../../src/kernel/clock.js';
import type { Person } from './accounts.js';

const STEP_MS = 30_000;

/** A clock that a test may move on. */
export type SteerableClock = Clock & { advance(ms: number): void };

/** The time of day, which a test may move on. */
export class MovableClock extends SystemClock {
  private aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.aheadMs;
  }

  advance(ms: number): void {
    this.aheadMs += ms;
  }
}

/** An authenticator app that has read a QR code. */
export class AuthenticatorApp {
  private readonly totp: TOTP;

  constructor(
    uri: string,
    private readonly clock: Clock,
  ) {
    this.totp = URI.parse(uri) as TOTP;
  }

  /** The code of now, or of so many steps later. */
  code(steps = 0): string {
    return this.totp.generate({ timestamp: this.clock.nowMs() + steps * STEP_MS });
  }

  /** Six digits that are no code of the steps around now. */
  wrongCode(): string {
    const near = [-2, -1, 0, 1, 2].map((steps) => this.code(steps));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) as string;
  }
}

/** A person with an authenticator app set up in their browser. Its first code is used up: the clock stands one step further. */
export async function enrolApp(
  person: Person,
  clock: SteerableClock,
): Promise<{ readonly app: AuthenticatorApp; readonly recoveryCodes: string[] }> {
  const begun = await person.browser.post<{ uri: string }>('/account/second-factors/totp');
  expect(begun.status).toBe(201);
  const app = new AuthenticatorApp(begun.body.uri, clock);
  const confirmed = await person.browser.post<{ recoveryCodes: string[]; state: string }>('/account/second-factors/totp/confirmation', {
    code: app.code(),
  });
  expect(confirmed).toMatchObject({ status: 200, body: { state: 'complete' } });
  clock.advance(STEP_MS);
  return { app, recoveryCodes: confirmed.body.recoveryCodes };
}
