import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../kernel/clock.js';
import { Settings } from '../config/settings.js';
import { RateLimited, RateLimitGuard } from './rate-limit.guard.js';

class Routes {
  @RateLimited(3)
  one(this: void): void {}

  @RateLimited(3)
  other(this: void): void {}
}

function from(address: string, handler: () => void = Routes.prototype.one): ExecutionContext {
  const request = { raw: { socket: { remoteAddress: address }, headers: {} } };
  return {
    getHandler: () => handler,
    getClass: () => Routes,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
}

describe('a rate-limited route', () => {
  it('lets its allowance through at once, then refuses and says when to come back', () => {
    const clock = new ManualClock(0);
    const guard = new RateLimitGuard(clock, new Settings());
    for (let times = 0; times < 3; times += 1) expect(guard.canActivate(from('192.0.2.1'))).toBe(true);
    expect(() => guard.canActivate(from('192.0.2.1'))).toThrow(
      expect.objectContaining({ code: 'http/too_many_requests', details: { retryAfterSeconds: 20 } }),
    );
    clock.advance(19_999);
    expect(() => guard.canActivate(from('192.0.2.1'))).toThrow('http/too_many_requests');
    clock.advance(1);
    expect(guard.canActivate(from('192.0.2.1'))).toBe(true);
    clock.advance(3_600_000);
    for (let times = 0; times < 3; times += 1) guard.canActivate(from('192.0.2.1'));
    expect(() => guard.canActivate(from('192.0.2.1'))).toThrow('http/too_many_requests');
  });

  it('counts by route and by address, an IPv6 network of 64 bits being one', () => {
    const guard = new RateLimitGuard(new ManualClock(0), new Settings());
    for (let host = 1; host <= 3; host += 1) guard.canActivate(from(`2001:db8:1:2::${host}`));
    expect(() => guard.canActivate(from('2001:db8:1:2:ffff::9'))).toThrow('http/too_many_requests');
    expect(guard.canActivate(from('2001:db8:1:3::1'))).toBe(true);
    expect(guard.canActivate(from('192.0.2.1'))).toBe(true);
    expect(guard.canActivate(from('2001:db8:1:2::1', Routes.prototype.other))).toBe(true);
  });
});
