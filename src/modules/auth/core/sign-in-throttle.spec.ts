import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../kernel/clock.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { SignInThrottle } from './sign-in-throttle.js';

const secret = hashSecret('some secret');

function failing(times: number, address = '192.0.2.1'): { clock: ManualClock; throttle: SignInThrottle } {
  const clock = new ManualClock(1_000_000);
  const throttle = new SignInThrottle(clock);
  for (let round = 0; round < times; round += 1) throttle.failed(address);
  return { clock, throttle };
}

describe('SignInThrottle', () => {
  it('A7: the twenty-first failure of a minute from one address waits, with the time to wait', () => {
    expect(() => failing(19).throttle.check('192.0.2.1', secret)).not.toThrow();
    const { clock, throttle } = failing(20);
    clock.advance(10_000);
    expect(() => throttle.check('192.0.2.1', secret)).toThrow(
      expect.objectContaining({ code: 'http/too_many_requests', status: 429, details: { retryAfterSeconds: 50 } }),
    );
    expect(() => throttle.check('192.0.2.2', secret)).not.toThrow();
    clock.advance(50_000);
    expect(() => throttle.check('192.0.2.1', secret)).not.toThrow();
  });

  it('A7: hopping through the addresses of one IPv6 subscriber gains nothing', () => {
    const { throttle } = failing(20, '2001:db8::1');
    expect(() => throttle.check('2001:db8::ffff:2', secret)).toThrow();
  });

  it('lets one who signed in a moment ago past the failures of a neighbour', () => {
    const { clock, throttle } = failing(20);
    throttle.succeeded(secret);
    expect(() => throttle.check('192.0.2.1', secret)).not.toThrow();
    expect(() => throttle.check('192.0.2.1', hashSecret('another'))).toThrow();
    clock.advance(600_001);
    for (let round = 0; round < 20; round += 1) throttle.failed('192.0.2.1');
    expect(() => throttle.check('192.0.2.1', secret)).toThrow();
  });

  it('forgets the oldest address rather than growing without bound', () => {
    const { throttle } = failing(20);
    for (let n = 0; n < 20_000; n += 1) throttle.failed(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(() => throttle.check('192.0.2.1', secret)).not.toThrow();
  });
});
