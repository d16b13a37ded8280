import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddressReader } from './client-address.js';

function request(remoteAddress: string | undefined, forwardedFor?: string | string[]): IncomingMessage {
  return {
    socket: { remoteAddress },
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  } as unknown as IncomingMessage;
}

describe('the address of a client', () => {
  const read = clientAddressReader(['10.0.0.0/8', 'fd00::/8']);

  it('is the peer itself when no proxy is trusted, whatever the headers say', () => {
    expect(clientAddressReader([])(request('203.0.113.9', '198.51.100.1'))).toBe('203.0.113.9');
  });

  it('is the peer itself when the peer is no trusted proxy', () => {
    expect(read(request('203.0.113.9', '10.0.0.1'))).toBe('203.0.113.9');
  });

  it.each([
    ['what the proxy saw', '198.51.100.1', '198.51.100.1'],
    ['the first from the right that is no proxy of ours', '198.51.100.1, 10.0.0.2, 10.0.0.3', '198.51.100.1'],
    ['not what a client claims further left', '1.2.3.4, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['without a port some proxies add', '198.51.100.1:4711', '198.51.100.1'],
    ['without brackets and port', '[2001:db8::1]:4711', '2001:db8::1'],
    ['in its shortest form', '2001:0db8:0000::0001', '2001:db8::1'],
    ['IPv4 although it was wrapped in IPv6', '::ffff:198.51.100.1', '198.51.100.1'],
    ['the farthest proxy when all are trusted', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['the proxy that named something else than an address', 'unknown', '10.9.9.9'],
    ['the proxy that named nothing', '', '10.9.9.9'],
    ['the proxy that named a script', '<script>, 10.0.0.2', '10.0.0.2'],
    ['never a spelling only libraries read', '0x7f000001', '10.9.9.9'],
  ])('behind a trusted proxy is %s', (_what, header, address) => {
    expect(read(request('10.9.9.9', header))).toBe(address);
  });

  it('is read from several headers as from one', () => {
    expect(read(request('fd00::1', ['198.51.100.1', '10.0.0.2']))).toBe('198.51.100.1');
  });

  it('is IPv4 although the socket wraps it in IPv6, and trusted as such', () => {
    expect(clientAddressReader([])(request('::ffff:203.0.113.9'))).toBe('203.0.113.9');
    expect(read(request('::ffff:10.1.1.1', '198.51.100.1'))).toBe('198.51.100.1');
  });

  it('of a connection that is gone is empty, which no allow-list contains', () => {
    expect(read(request(undefined, '198.51.100.1'))).toBe('');
  });
});
