import { describe, expect, it } from 'vitest';
import { AllowedNetworks, canonicalNetwork, subscriberOf } from './allowed-networks.js';

describe('canonicalNetwork', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ])('%s is %s', (text, canonical) => expect(canonicalNetwork(text)).toBe(canonical));

  it.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8x',
    '2001:db8::/129',
    '10.1',
    '0x0a000001',
    '010.0.0.1',
    'example.com',
    'fe80::1%eth0',
    '10.0.0.0/8/8',
    '1.2.3.4.5',
  ])('refuses %j', (text) => expect(canonicalNetwork(text)).toBeUndefined());
});

describe('AllowedNetworks', () => {
  const networks = new AllowedNetworks(['10.0.0.0/8', '192.0.2.7/32', '2001:db8::/32']);

  it.each(['10.255.0.1', '192.0.2.7', '2001:db8:1::5', '::ffff:10.1.1.1', '::FFFF:192.0.2.7'])('includes %s', (address) =>
    expect(networks.includes(address)).toBe(true),
  );

  it.each(['11.0.0.1', '192.0.2.8', '2001:db9::1', '::ffff:11.0.0.1', '', 'unknown', '10.0.0.1:443'])('leaves %j out', (address) =>
    expect(networks.includes(address)).toBe(false),
  );

  it('K4: a list that cannot be read closes, it does not open', () => {
    expect(new AllowedNetworks(['rubbish']).includes('10.0.0.1')).toBe(false);
  });
});

describe('subscriberOf', () => {
  it('counts an IPv6 subscriber once, whichever of its addresses it uses', () => {
    expect(subscriberOf('2001:db8:0:1::1')).toBe(subscriberOf('2001:db8:0:1:ffff::2'));
    expect(subscriberOf('2001:db8:0:2::1')).not.toBe(subscriberOf('2001:db8:0:1::1'));
    expect(subscriberOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
  });
});
