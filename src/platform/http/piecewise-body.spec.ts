import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RawConnection } from '../../../test/harness/raw-http.js';
import { PiecewiseBody } from './piecewise-body.js';

type Answer = (response: ServerResponse, path: string) => void | Promise<void>;

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function serve(answer: Answer): Promise<number> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    void answer(response, incoming.url ?? '');
  });
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function connect(port: number): Promise<RawConnection> {
  const connection = await RawConnection.open(`http://127.0.0.1:${port}`);
  open.push(connection);
  return connection;
}

/** What comes on a connection that sends this, until it is closed. */
async function exchange(port: number, text: string): Promise<string> {
  const connection = await connect(port);
  connection.send(text);
  await connection.closed();
  return connection.waiting;
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
const LAST = 'connection: close\r\n';
const behindHeads = (text: string) => text.split(/HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n/).slice(1);

/** A piece whose memory is used for something else as soon as it was written. */
function writeLent(body: PiecewiseBody, text: string): boolean {
  const piece = Buffer.from(text);
  const isRoomy = body.write(piece);
  piece.fill('#');
  return isRoomy;
}

describe('a body in pieces', () => {
  it('is one chunk a piece, whatever its size', async () => {
    const pieces = ['a', 'b'.repeat(15), 'c'.repeat(16), 'd'.repeat(16_371), 'e'.repeat(16_372), 'f'.repeat(16_373), 'g'.repeat(300_000)];
    const port = await serve((response) => {
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      for (const piece of ['', ...pieces, '']) writeLent(body, piece);
      response.end();
    });
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
    expect(behindHeads(await exchange(port, get('/', LAST)))).toEqual([`${chunks}0\r\n\r\n`]);
  });

  it('may come over many turns, and its last part from the answer itself', async () => {
    const port = await serve(async (response) => {
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      for (const piece of ['one', 'two', 'three']) {
        writeLent(body, piece);
        await sleep(5);
      }
      response.end('four');
    });
    const twice = get('/') + get('/', LAST);
    const once = '3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n4\r\nfour\r\n0\r\n\r\n';
    expect(behindHeads(await exchange(port, twice))).toEqual([once, once]);
  });

  it('waits for the answer before it on the same connection', async () => {
    let goOn: () => void = () => undefined;
    const port = await serve(async (response, path) => {
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      for (let turn = 0; turn < 4; turn += 1) {
        writeLent(body, `${path}${turn}`);
        if (path === '/a' && turn === 1) await new Promise<void>((resolve) => (goOn = resolve));
        if (path === '/b') await sleep(1);
        if (path === '/b' && turn === 1) goOn();
      }
      response.end();
    });
    const [first, second] = behindHeads(await exchange(port, get('/a') + get('/b', LAST)));
    const chunks = (path: string) => [0, 1, 2, 3].map((turn) => `3\r\n${path}${turn}\r\n`).join('');
    expect([first, second]).toEqual([`${chunks('/a')}0\r\n\r\n`, `${chunks('/b')}0\r\n\r\n`]);
  });

  it('has no chunks for a client that knows none', async () => {
    const port = await serve((response) => {
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      for (const piece of ['one', 'two']) writeLent(body, piece);
      response.end('three');
    });
    expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/\r\n\r\nonetwothree$/);
  });

  it('leaves alone what a slow client has still to take, while others are written to', async () => {
    let slow: ServerResponse | undefined;
    const port = await serve(async (response, path) => {
      const [letter, bytes] = path === '/slow' ? ['x', 9_000] : ['y', 10_000];
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      writeLent(body, letter.repeat(bytes));
      await sleep(0);
      if (path === '/slow') {
        slow = response;
        while (response.socket?.writableLength === 0) writeLent(body, letter.repeat(bytes));
      } else {
        for (let turn = 0; turn < 5; turn += 1) writeLent(body, letter.repeat(bytes));
      }
      response.end();
    });
    const slowly = await connect(port);
    slowly.socket.pause();
    slowly.send(get('/slow', LAST));
    await expect.poll(() => slow?.socket?.writableLength ?? 0).toBeGreaterThan(0);
    const [other] = behindHeads(await exchange(port, get('/other', LAST)));
    slowly.socket.resume();
    await slowly.closed();
    const [held] = behindHeads(slowly.waiting);
    expect([other, held].map((text) => [...new Set(text?.replaceAll(/(?:^|\r\n)(?:2328|2710|0)\r\n/g, '').trim())].join(''))).toEqual([
      'y',
      'x',
    ]);
  });

  it.each(['destroy', 'end'] as const)('goes nowhere, and breaks nothing, when the client leaves: %s', async (leave) => {
    const problems: unknown[] = [];
    let isClosed = false;
    const port = await serve(async (response) => {
      const body = new PiecewiseBody(response);
      for (const source of [response, response.socket]) source?.on('error', (error) => problems.push(error));
      response.on('close', () => (isClosed = true));
      response.writeHead(200);
      for (let turn = 0; turn < 20; turn += 1) {
        writeLent(body, 'x'.repeat(100_000));
        await sleep(2);
      }
      response.end();
    });
    const leaver = await connect(port);
    leaver.send(get('/'));
    await sleep(10);
    leaver.socket[leave]();
    await leaver.closed();
    await expect.poll(() => isClosed).toBe(true);
    await sleep(60);
    expect(
      problems.map((problem) => (problem as NodeJS.ErrnoException).code).filter((code) => !/^(ECONNRESET|EPIPE)$/.test(code ?? '')),
    ).toEqual([]);
  });

  it('holds its writer up until the client reads, or is gone', async () => {
    const told: string[] = [];
    const port = await serve((response, path) => {
      const body = new PiecewiseBody(response);
      response.writeHead(200);
      for (let turn = 0; turn < 20; turn += 1) writeLent(body, 'x'.repeat(1_000_000));
      body.onRelieved(() => told.push(path));
    });
    const [reader, leaver] = [await connect(port), await connect(port)];
    for (const { socket } of [reader, leaver]) socket.pause();
    reader.send(get('/reads'));
    leaver.send(get('/leaves'));
    await sleep(100);
    expect(told).toEqual([]);
    reader.socket.removeAllListeners('data').resume();
    await expect.poll(() => told).toEqual(['/reads']);
    leaver.socket.destroy();
    await expect.poll(() => told).toEqual(['/reads', '/leaves']);
    reader.socket.destroy();
    await sleep(20);
    expect(told).toEqual(['/reads', '/leaves']);
  });
});
