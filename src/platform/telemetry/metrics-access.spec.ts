import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { MetricsAccess } from './metrics-access.js';

/** A request as far as the check looks at it. */
function from(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

describe('metrics without a token', () => {
  const access = new MetricsAccess(undefined);

  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('are for this machine: %s', (address) => {
    expect(() => access.check(from(address))).not.toThrow();
  });

  it.each(['10.0.0.1', '192.0.2.1', '::2', '::ffff:10.0.0.1', ''])('are not for others: %s', (address) => {
    expect(() => access.check(from(address))).toThrow('http/forbidden');
  });

  it('are not for strangers behind a proxy on this machine', () => {
    expect(() => access.check(from('127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }))).toThrow('http/forbidden');
  });
});

describe('metrics with a token', () => {
  const access = new MetricsAccess('metrics-token-0123456789');

  it('are for whoever sends it, from anywhere', () => {
    expect(() => access.check(from('192.0.2.1', { authorization: 'Bearer metrics-token-0123456789' }))).not.toThrow();
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic metrics-token-0123456789', 'Bearer metrics-token-0123456789x'])(
    'are for nobody else: %s',
    (authorization) => {
      expect(() => access.check(from('127.0.0.1', authorization === undefined ? {} : { authorization }))).toThrow('http/unauthenticated');
    },
  );
});
