import { afterEach, describe, expect, it } from 'vitest';
import { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { UpstreamPools } from './upstream-pools.js';

let pools: UpstreamPools;
afterEach(() => pools.close());

describe('pools of connections', () => {
  it.each(['http://127.0.0.1:9', 'https://10.0.0.1', 'https://[fd00::1]', 'http://example.com'])('SSRF: none is made to %s', (origin) => {
    pools = new UpstreamPools(new OutboundAddresses([]), 1000);
    expect(() => pools.forOrigin(origin)).toThrow(/^outbound\//);
  });

  it('are one for each origin, and the one used longest ago goes when there are too many', () => {
    pools = new UpstreamPools(new OutboundAddresses([]), 1000);
    const origin = (number: number) => `https://upstream-${number}.example`;
    const first = pools.forOrigin(origin(0));
    const second = pools.forOrigin(origin(1));
    for (let number = 2; number < 256; number += 1) pools.forOrigin(origin(number));
    expect(pools.forOrigin(origin(0))).toBe(first);
    pools.forOrigin(origin(256));
    expect(pools.forOrigin(origin(0))).toBe(first);
    expect(pools.forOrigin(origin(1))).not.toBe(second);
  });
});
