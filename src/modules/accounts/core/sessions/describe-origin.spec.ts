import { describe, expect, it } from 'vitest';
import { Settings } from '../../../../platform/config/settings.js';
import { CoarsePlaces } from '../../../../platform/http/coarse-place.js';
import { type AccountId, newId } from '../../../../kernel/ids.js';
import { DescribeOrigin, deviceOf, networkTagOf } from './describe-origin.js';

describe('deviceOf', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari on iOS',
    ],
    ['', null],
    [null, null],
  ])('%s is %s', (userAgent, device) => expect(deviceOf(userAgent)).toBe(device));

  it('is short and plain whatever is sent, and soon done', () => {
    const startedAt = performance.now();
    for (const hostile of [
      '<script>alert(1)</script>',
      'Firefox/'.repeat(100_000),
      `Mozilla/5.0 (${'a;'.repeat(100_000)}) x`,
      '\u202e\u0000',
    ]) {
      expect(deviceOf(hostile) ?? '').toMatch(/^[\p{L}\p{N} ._-]{0,80}$/u);
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('DescribeOrigin', () => {
  const account = newId<AccountId>();

  it('keeps a few bits of a network, others for every account, and nothing of the address', () => {
    const place = new DescribeOrigin(new CoarsePlaces(new Settings())).run(account, { remoteAddress: '192.0.2.7', userAgent: null });
    expect(place).toEqual({ device: null, country: null, region: null, networkTag: networkTagOf(account, '192.0.2.7') });
    expect(networkTagOf(account, '2001:db8::1')).toBe(networkTagOf(account, '2001:db8::2'));
    expect(networkTagOf(newId<AccountId>(), '192.0.2.7')).not.toBe(place.networkTag);
    expect(place.networkTag).toBeLessThan(2 ** 24);
  });

  it('a database that is none stops the start-up with a sentence', () => {
    const settings = Object.assign(new Settings(), { geoipDatabase: 'package.json' });
    expect(() => new CoarsePlaces(settings)).toThrow(/LETHE_GEOIP_DATABASE/);
  });
});
