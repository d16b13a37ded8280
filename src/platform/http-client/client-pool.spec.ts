import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CertifiedKey, makeCertifiedKey } from '../../../test/harness/certificate.js';
import { OutboundAddresses } from '../http/outbound-address.js';
import type { ConnectionOptions, ExchangeControl, ExchangeHandler } from './client-connection.js';
import { ClientPool } from './client-pool.js';
import type { ClientRequest } from './client-request.js';

/** What a server does with the requests of one connection, as text. */
type Script = (request: string, socket: Socket, number: number) => void;

const HELLO = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((back) => back()));

interface TestServer {
  readonly port: number;
  /** Sockets in the order they came. */
  readonly sockets: readonly Socket[];
}

async function serve(script: Script, secure?: CertifiedKey): Promise<TestServer> {
  const sockets: Socket[] = [];
  let requests = 0;
  const take = (socket: Socket) => {
    sockets.push(socket);
    let waiting = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      waiting += bytes.toString('latin1');
      for (let end = requestEnd(waiting); end !== -1; end = requestEnd(waiting)) {
        const request = waiting.slice(0, end);
        waiting = waiting.slice(end);
        script(request, socket, ++requests);
      }
    });
  };
  const server: Server = secure ? tls.createServer({ key: secure.privateKey, cert: secure.certificate }, take) : createServer(take);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

function requestEnd(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  const end = head + 4 + Number(/content-length: (\d+)/.exec(text)?.[1]);
  return head === -1 || text.length < end ? -1 : end;
}

const toHere: ConnectionOptions['lookup'] = (_name, options, callback) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

function poolTo(origin: string, options: Partial<ConnectionOptions> = {}): ClientPool {
  const pool = new ClientPool(origin, { lookup: toHere, connectMs: 1_000, keepAliveMs: 10_000, ...options });
  undo.push(() => pool.destroy());
  return pool;
}

interface Outcome {
  readonly status: number | undefined;
  readonly body: string;
  readonly error: (Error & { readonly code?: string }) | null;
  readonly wasSent: boolean;
}

const TICK: ClientRequest = { method: 'POST', path: '/tick?x=1', headers: { accept: '*/*' }, body: Buffer.from('tick') };

function ask(pool: ClientPool, request: Partial<ClientRequest> = {}, during: Partial<ExchangeHandler> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    let status: number | undefined;
    let body = '';
    let wasSent = false;
    const end = (error: Error | null) => resolve({ status, body, error, wasSent });
    pool.dispatch(
      { ...TICK, ...request },
      {
        onSending: (control) => {
          wasSent = true;
          during.onSending?.(control);
        },
        onHead: (head) => {
          status = head.status;
          during.onHead?.(head);
        },
        onBody: (piece) => {
          body += piece.toString('latin1');
          during.onBody?.(piece);
        },
        onEnd: () => {
          during.onEnd?.();
          end(null);
        },
        onFailed: end,
      },
    );
  });
}

let certified: CertifiedKey;
beforeAll(() => (certified = makeCertifiedKey({ commonName: 'upstream.test' })));

/** Adds to the certificates that Node trusts, until the test is over. */
function trust(certificate: string): void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, certificate]);
  undo.push(() => tls.setDefaultCACertificates(before));
}

const codeOf = async (outcome: Promise<Outcome>): Promise<string | undefined> => (await outcome).error?.code;

describe('an exchange', () => {
  it('sends the request as it was given, and brings the answer', async () => {
    let seen = '';
    const { port } = await serve((request, socket) => {
      seen = request;
      socket.write(HELLO);
    });
    const outcome = await ask(poolTo(`http://127.0.0.1:${port}`));
    expect(outcome).toEqual({ status: 200, body: 'hello', error: null, wasSent: true });
    expect(seen).toBe(`POST /tick?x=1 HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: */*\r\ncontent-length: 4\r\n\r\ntick`);
  });

  it('sends a body of megabytes whole', async () => {
    const body = Buffer.alloc(5_000_000, 'x');
    const { port } = await serve((request, socket) => {
      const text = String(request.length - request.indexOf('\r\n\r\n') - 4);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    });
    expect((await ask(poolTo(`http://127.0.0.1:${port}`), { body })).body).toBe('5000000');
  });

  const unfit: Partial<ClientRequest>[] = [
    { headers: { 'x-note': 'a\r\nx-more: b' } },
    { headers: { 'x note': 'a' } },
    { headers: { 'x-note': 'ą' } },
    { path: '/a b' },
    { path: '/a\r\nx: y' },
    { path: 'a' },
    { method: 'GET / HTTP/1.1\r\n' },
  ];
  it.each(unfit)('is refused before anything is sent when it would not stay in its line: %j', async (request) => {
    const { port, sockets } = await serve((_request, socket) => void socket.write(HELLO));
    const outcome = await ask(poolTo(`http://127.0.0.1:${port}`), request);
    expect([outcome.error?.code, outcome.wasSent, sockets.length]).toEqual(['invalid_request', false, 0]);
  });

  it.each([
    ['no answer', '', 'closed'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncont', 'closed'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', 'closed'],
    ['something else', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'malformed_answer'],
  ])('that gets %s before the connection ends fails, once', async (_what, bytes, code) => {
    const { port } = await serve((_request, socket) => void socket.end(bytes));
    expect(await codeOf(ask(poolTo(`http://127.0.0.1:${port}`)))).toBe(code);
  });

  it('ends well with a connection that tells the end of its body', async () => {
    const { port } = await serve((_request, socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil here'));
    expect(await ask(poolTo(`http://127.0.0.1:${port}`))).toMatchObject({ body: 'until here', error: null });
  });

  it('fails with the error of a connection that is refused or reset', async () => {
    const { port } = await serve((_request, socket) => void socket.resetAndDestroy());
    expect(await codeOf(ask(poolTo(`http://127.0.0.1:${port}`)))).toBe('ECONNRESET');
    const refused = await ask(poolTo('http://127.0.0.1:1'));
    expect([refused.error?.code, refused.wasSent]).toEqual(['ECONNREFUSED', false]);
  });

  it('fails when no connection comes in time', async () => {
    const outcome = await ask(poolTo('http://nowhere.test', { connectMs: 50, lookup: () => undefined }));
    expect([outcome.error?.code, outcome.wasSent]).toEqual(['connect_timeout', false]);
  });

  it('SSRF: fails when its name has no address that may be reached', async () => {
    const outcome = await ask(poolTo('http://localhost:9', { lookup: new OutboundAddresses([]).lookup }));
    expect([outcome.error?.code, outcome.wasSent]).toEqual(['EADDRNOTALLOWED', false]);
  });
});

describe('who began an exchange', () => {
  it('may end it, which closes its connection and no other', async () => {
    const { port, sockets } = await serve((_request, socket, number) => {
      socket.write(number === 1 ? 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf' : HELLO);
    });
    const pool = poolTo(`http://127.0.0.1:${port}`);
    let control: ExchangeControl | undefined;
    const why = new Error('enough');
    const aborted = await ask(pool, {}, { onSending: (mine) => (control = mine), onBody: () => control?.abort(why) });
    expect([aborted.error, aborted.body]).toEqual([why, 'half']);
    const other = await ask(pool);
    control?.abort(why);
    expect([other.error, (await ask(pool)).error, sockets.length]).toEqual([null, null, 2]);
  });

  it('may end it before it is sent, and the connection is used for the next', async () => {
    const requests: string[] = [];
    const { port, sockets } = await serve((request, socket) => {
      requests.push(request);
      socket.write(HELLO);
    });
    const pool = poolTo(`http://127.0.0.1:${port}`);
    const why = new Error('never mind');
    expect((await ask(pool, {}, { onSending: (control) => control.abort(why) })).error).toBe(why);
    expect([(await ask(pool)).body, requests.length, sockets.length]).toEqual(['hello', 1, 1]);
  });

  it.each(['onHead', 'onBody', 'onEnd'] as const)('is told of an error of its own: %s', async (step) => {
    const { port } = await serve((_request, socket) => void socket.write(HELLO));
    const pool = poolTo(`http://127.0.0.1:${port}`);
    const why = new Error('a bug');
    const fails = () => {
      throw why;
    };
    expect((await ask(pool, {}, { [step]: fails })).error).toBe(why);
    expect((await ask(pool)).body).toBe('hello');
  });

  it.each(['http', 'https'])('may stop reading, and the server is held up until it goes on: %s', async (scheme) => {
    const bytes = 20_000_000;
    const { port, sockets } = await serve(
      (_request, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
        socket.write(Buffer.alloc(bytes, 'x'));
      },
      scheme === 'https' ? certified : undefined,
    );
    if (scheme === 'https') trust(certified.certificate);
    let control: ExchangeControl | undefined;
    let pieces = 0;
    const onBody = () => {
      pieces += 1;
      if (pieces === 1) control?.pause();
    };
    const pending = ask(poolTo(`${scheme}://upstream.test:${port}`), {}, { onSending: (mine) => (control = mine), onBody });
    await expect.poll(() => pieces).toBe(1);
    await sleep(200);
    expect([pieces, (sockets[0]?.writableLength ?? 0) > 0]).toEqual([1, true]);
    control?.resume();
    expect((await pending).body.length).toBe(bytes);
  });
});

describe('a connection', () => {
  it('is used again, the last one first', async () => {
    const { port, sockets } = await serve((_request, socket) => void setTimeout(() => socket.write(HELLO), 20));
    const pool = poolTo(`http://127.0.0.1:${port}`);
    await Promise.all([ask(pool), ask(pool), ask(pool)]);
    for (let turn = 0; turn < 5; turn += 1) expect((await ask(pool)).body).toBe('hello');
    expect(sockets.length).toBe(3);
  });

  it.each([
    ['says that it closes', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello'],
    ['has sent more than its answer', `${HELLO}HTTP/1.1 200 OK\r\n`],
    ['says that it waits for no next request', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 5\r\n\r\nhello'],
  ])('is not used again when its server %s', async (_what, bytes) => {
    const { port, sockets } = await serve((_request, socket) => void socket.write(bytes));
    const pool = poolTo(`http://127.0.0.1:${port}`);
    for (let turn = 1; turn <= 3; turn += 1) {
      expect(await ask(pool)).toMatchObject({ body: 'hello', error: null });
      await sleep(20);
    }
    expect(sockets.length).toBe(3);
  });

  it('is not used again when its request was answered before it was read', async () => {
    const { port, sockets } = await serve(() => undefined);
    const pool = poolTo(`http://127.0.0.1:${port}`);
    const first = ask(pool, { body: Buffer.alloc(30_000_000) });
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.pause();
    sockets[0]?.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
    expect(await first).toMatchObject({ status: 413, error: null });
    await expect.poll(() => sockets[0]?.resume().destroyed).toBe(true);
  });

  it('is let go of when it was idle for long, or its server ends it or speaks out of turn', async () => {
    const { port, sockets } = await serve((_request, socket) => void socket.write(HELLO));
    const pool = poolTo(`http://127.0.0.1:${port}`, { keepAliveMs: 60 });
    await ask(pool);
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
    for (const end of [(socket?: Socket) => socket?.end(), (socket?: Socket) => socket?.write(HELLO)]) {
      await ask(pool);
      end(sockets.at(-1));
      await sleep(20);
    }
    await ask(pool);
    expect(sockets.length).toBe(4);
  });

  it('stays while it is used, however long that takes', async () => {
    const { port, sockets } = await serve((_request, socket) => void setTimeout(() => socket.write(HELLO), 100));
    const pool = poolTo(`http://127.0.0.1:${port}`, { keepAliveMs: 60 });
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(pool)).body).toBe('hello');
    expect(sockets.length).toBe(1);
  });
});

describe('a pool that is closed', () => {
  it('takes no more, and lets what is under way end', async () => {
    const { port, sockets } = await serve((_request, socket, number) => void (number === 1 && setTimeout(() => socket.write(HELLO), 50)));
    const pool = poolTo(`http://127.0.0.1:${port}`);
    const pending = ask(pool);
    await expect.poll(() => sockets.length).toBe(1);
    pool.close();
    expect(await codeOf(ask(pool))).toBe('pool_closed');
    expect((await pending).body).toBe('hello');
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });

  it('or destroyed ends that too', async () => {
    const { port, sockets } = await serve(() => undefined);
    const pool = poolTo(`http://127.0.0.1:${port}`);
    const pending = ask(pool);
    await expect.poll(() => sockets.length).toBe(1);
    pool.destroy();
    expect(await codeOf(pending)).toBe('pool_closed');
    await expect.poll(() => sockets[0]?.destroyed).toBe(true);
  });
});

describe('TLS', () => {
  it('carries exchanges, and a second connection takes up the session of the first', async () => {
    const { port, sockets } = await serve((_request, socket) => void setTimeout(() => socket.write(HELLO), 20), certified);
    trust(certified.certificate);
    const pool = poolTo(`https://upstream.test:${port}`);
    expect(await ask(pool)).toMatchObject({ status: 200, body: 'hello', error: null });
    const both = await Promise.all([ask(pool), ask(pool)]);
    expect(both.map(({ body }) => body)).toEqual(['hello', 'hello']);
    expect(sockets.map((socket) => (socket as tls.TLSSocket).isSessionReused())).toEqual([false, true]);
  });

  it.each([
    ['nobody trusts', 'upstream.test', false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is another name’s', 'other.test', true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses a certificate that %s, and nothing is sent', async (_what, name, isTrusted, code) => {
    const { port } = await serve((_request, socket) => void socket.write(HELLO), certified);
    if (isTrusted) trust(certified.certificate);
    const outcome = await ask(poolTo(`https://${name}:${port}`));
    expect([outcome.error?.code, outcome.wasSent]).toEqual([code, false]);
  });

  it('whose handshake does not end is given up in time', async () => {
    const { port } = await serve(() => undefined);
    const outcome = await ask(poolTo(`https://upstream.test:${port}`, { connectMs: 100 }));
    expect([outcome.error?.code, outcome.wasSent]).toEqual(['connect_timeout', false]);
  });
});
