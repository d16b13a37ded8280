import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Pool } from 'undici';
import { OutboundAddresses } from './outbound-address.js';

const strict = new OutboundAddresses([]);

describe('a URL somebody gave (SSRF)', () => {
  it.each([
    ['this machine', 'http://127.0.0.1/v1'],
    ['this machine, any address of the block', 'https://127.8.9.10/v1'],
    ['this machine, by one number', 'http://2130706433/'],
    ['this machine, in hexadecimal', 'http://0x7f000001/'],
    ['this machine, in octal', 'http://0177.0.0.1/'],
    ['this machine, shortened', 'http://127.1/'],
    ['this machine, with a trailing dot', 'https://127.0.0.1./'],
    ['this machine, percent-encoded', 'https://%31%32%37.0.0.1/'],
    ['this machine, in full-width digits', 'https://１２７.0.0.1/'],
    ['this machine, by name', 'https://localhost/'],
    ['this machine, by name with a trailing dot', 'https://localhost./'],
    ['this machine, in capitals', 'https://LOCALHOST/'],
    ['this machine, by a name below localhost', 'https://api.localhost/'],
    ['this machine, by a name in other letters', 'https://ⓛocalhost/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['this machine, IPv4 in IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['every address', 'https://0.0.0.0/'],
    ['every address in IPv6', 'https://[::]/'],
    ['a private network', 'https://10.1.2.3/'],
    ['a private network', 'https://172.16.0.1/'],
    ['a private network', 'https://192.168.1.1/'],
    ['a private network, IPv4 in IPv6', 'https://[::ffff:10.0.0.1]/'],
    ['a private network, IPv4-compatible', 'https://[::10.0.0.1]/'],
    ['a private network through NAT64', 'https://[64:ff9b::a00:1]/'],
    ['a private network through 6to4', 'https://[2002:a00:1::]/'],
    ['a unique local address', 'https://[fd00::1]/'],
    ['a link-local address', 'https://[fe80::1]/'],
    ['a site-local address', 'https://[fec0::1]/'],
    ["a cloud's metadata", 'http://169.254.169.254/latest/meta-data/'],
    ["a cloud's metadata in IPv6", 'https://[fd00:ec2::254]/'],
    ["a carrier's network", 'https://100.64.0.1/'],
    ['a multicast address', 'https://224.0.0.1/'],
    ['a reserved address', 'https://240.0.0.1/'],
    ['a broadcast address', 'https://255.255.255.255/'],
    ['an address for documentation', 'https://[2001:db8::1]/'],
    ['Teredo', 'https://[2001::1]/'],
  ])('may not name %s: %s', (_what, url) => {
    expect(() => strict.checkUrl(url)).toThrowError(expect.objectContaining({ code: 'outbound/address_not_allowed' }));
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'gopher://example.com/',
    'unix:///var/run/docker.sock',
    'javascript:alert(1)',
    'data:text/plain,x',
    'https://user:secret@example.com/',
    'https://user@example.com/',
    'https://example.com/?next=1',
    'https://example.com/#part',
    '//example.com/',
    'example.com',
    'https://',
    'https:// example.com',
    'https://1.2.3.4.5/',
    'https://999.1.1.1/',
    '',
  ])('is plain http or https, and %j is not', (url) => {
    expect(() => strict.checkUrl(url)).toThrowError(expect.objectContaining({ code: 'outbound/invalid_url' }));
  });

  it.each(['http://api.example.com/v1', 'http://8.8.8.8/', 'http://[2606:4700::1111]/'])(
    'sends no key in the clear to a public address: %s',
    (url) => {
      expect(() => strict.checkUrl(url)).toThrowError(expect.objectContaining({ code: 'outbound/invalid_url' }));
    },
  );

  it.each([
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['https://API.Example.com:8443/v1//', 'https://api.example.com:8443/v1'],
    ['https://bücher.example/v1', 'https://xn--bcher-kva.example/v1'],
    ['https://8.8.8.8/', 'https://8.8.8.8'],
    ['https://[2606:4700::1111]/v1', 'https://[2606:4700::1111]/v1'],
  ])('%s is taken as %s', (given, taken) => {
    expect(strict.checkUrl(given)).toBe(taken);
  });

  it('a message says nothing of the address it refused', () => {
    expect(() => strict.checkUrl('https://user:hunter2@example.com/')).toThrowError(expect.not.stringContaining('hunter2'));
  });
});

describe('networks the operator allowed', () => {
  const open = new OutboundAddresses(['127.0.0.0/8', '10.20.0.0/16', 'fd12::/16']);

  it.each([
    'http://127.0.0.1:9998/v1',
    'http://localhost:9998/v1',
    'http://10.20.1.1/v1',
    'https://10.20.255.255/',
    'http://[fd12::7]/v1',
    'https://[::ffff:10.20.0.1]/',
  ])('may be named, also without TLS: %s', (url) => {
    expect(() => open.checkUrl(url)).not.toThrow();
  });

  it.each(['http://10.21.0.1/', 'http://192.168.0.1/', 'http://[fd13::7]/', 'http://[::1]/', 'http://169.254.169.254/'])(
    'and no others: %s',
    (url) => {
      expect(() => open.checkUrl(url)).toThrow();
    },
  );

  it('what is no address is not allowed', () => {
    for (const text of ['', 'localhost', '127.1', '0x7f000001', '127.0.0.1 ']) expect(open.allows(text)).toBe(false);
  });
});

describe('a connection', () => {
  const resolve = (addresses: OutboundAddresses, host: string, all: boolean) =>
    new Promise<{ error: NodeJS.ErrnoException | null; answer: string | LookupAddress[] }>((done) =>
      addresses.lookup(host, { all }, (error, answer) => done({ error, answer })),
    );

  it('goes nowhere when a name that was public points into a private network by now (DNS rebinding)', async () => {
    for (const all of [true, false]) expect((await resolve(strict, 'localhost', all)).error?.code).toBe('EADDRNOTALLOWED');
  });

  it('goes to the allowed addresses of a name', async () => {
    const open = new OutboundAddresses(['127.0.0.0/8']);
    expect(await resolve(open, 'localhost', true)).toEqual({ error: null, answer: [{ address: '127.0.0.1', family: 4 }] });
    expect((await resolve(open, 'localhost', false)).answer).toBe('127.0.0.1');
  });

  it('to a name that does not exist fails as one would without the guard', async () => {
    expect((await resolve(strict, 'no-such-name.invalid', true)).error?.code).toMatch(/^E(NOTFOUND|AI_AGAIN)$/);
  });

  it('of an HTTP client passes the guard each time it is made', async () => {
    const server = createServer((_request, response) => response.end('reached'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const ask = async (addresses: OutboundAddresses) => {
      const pool = new Pool(`http://localhost:${port}`, { connect: { lookup: addresses.lookup } });
      try {
        return await (await pool.request({ path: '/', method: 'GET' })).body.text();
      } finally {
        await pool.destroy();
      }
    };
    await expect(ask(strict)).rejects.toThrow();
    expect(await ask(new OutboundAddresses(['127.0.0.0/8']))).toBe('reached');
    await new Promise((closed) => server.close(closed));
  });
});
