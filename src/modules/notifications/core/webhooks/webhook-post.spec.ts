import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Settings } from '../../../../platform/config/settings.js';
import { WebhookAddresses } from './webhook-addresses.js';
import { WebhookPost } from './webhook-post.js';

let server: Server;
let port = 0;
let reached = 0;
let answer: (write: (status: number, headers?: Record<string, string>) => void, end: (body?: string | Buffer) => void) => void;

const post = (networks: string[]) =>
  new WebhookPost(new WebhookAddresses(Object.assign(new Settings(), { environment: 'production', webhookPrivateNetworks: networks })));
const send = (url: string, networks: string[] = [], stopped = new AbortController().signal) =>
  post(networks).send({ url, headers: { 'content-type': 'application/json' }, body: '{}' }, stopped);

beforeAll(async () => {
  server = createServer((request, response) => {
    reached += 1;
    request.resume();
    answer(
      (status, headers) => void response.writeHead(status, headers),
      (body) => void response.end(body),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  reached = 0;
  answer = (write, end) => {
    write(204);
    end();
  };
});

describe('a webhook', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.0.0.1:PORT/',
    'http://0.0.0.0:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'https://[::ffff:7f00:1]:PORT/',
    'https://[::ffff:a9fe:a9fe]/latest/meta-data/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/latest/meta-data/',
    'http://localhost:PORT/',
    'https://localhost.:PORT/',
    'https://sub.localhost:PORT/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
  ])('never reaches %s', async (url) => {
    expect(await send(url.replace('PORT', String(port)))).toEqual({ status: null, failure: 'address_not_allowed' });
    expect(reached).toBe(0);
  });

  it('never reaches a private address behind a public-looking name: the look-up that connects is the one that is checked', async () => {
    // This machine's own name leads to one of its own addresses.
    expect(await send(`https://${hostname()}:${port}/`)).toMatchObject({
      status: null,
      failure: expect.stringMatching(/^(address_not_allowed|not_reached)$/),
    });
    expect(reached).toBe(0);
  });

  it('does not follow a redirect into a private network: the redirect is the answer', async () => {
    answer = (write, end) => {
      write(302, { location: 'http://169.254.169.254/latest/meta-data/' });
      end();
    };
    expect(await send(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'])).toMatchObject({ status: 302 });
    expect(reached).toBe(1);
  });

  it('reads a bounded part of an answer that never ends', async () => {
    answer = (write, end) => {
      write(200, { 'content-length': '999999999' });
      end(Buffer.alloc(1_000_000));
    };
    const before = process.memoryUsage().rss;
    expect(await send(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'])).toMatchObject({ status: 200 });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('tells a receiver that is not there, one that speaks no TLS, and what it asks for', async () => {
    expect(await send('http://127.0.0.1:9/', ['127.0.0.0/8'])).toEqual({ status: null, failure: 'not_reached' });
    expect(await send(`https://127.0.0.1:${port}/`, ['127.0.0.0/8'])).toEqual({ status: null, failure: 'tls_failed' });
    answer = (write, end) => {
      write(503, { 'retry-after': '120' });
      end();
    };
    expect(await send(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'])).toEqual({ status: 503, retryAfterSeconds: 120 });
  });

  it('ends at once when the process stops', async () => {
    answer = () => undefined;
    const stopping = new AbortController();
    const sent = send(`http://127.0.0.1:${port}/`, ['127.0.0.0/8'], stopping.signal);
    setTimeout(() => stopping.abort(), 50);
    await expect(sent).rejects.toThrow();
  });
});
