import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receivedBody } from './received-body.js';

const HEAD = 'POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\n';

describe('what a stand-in receives', () => {
  const server = createServer();
  beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  afterAll(() => server.close());

  async function received(sent: string, then: 'stays' | 'dies'): Promise<string | undefined> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const asked = once(server, 'request') as Promise<[IncomingMessage]>;
    socket.write(HEAD + sent);
    const [request] = await asked;
    const body = receivedBody(request);
    if (then === 'dies') socket.resetAndDestroy();
    const whole = await body;
    socket.destroy();
    return whole?.toString('latin1');
  }

  it('is what a client sent', async () => {
    expect(await received('0123456789', 'stays')).toBe('0123456789');
  });

  it('is nothing when the client died in the middle of it', async () => {
    expect(await received('01234', 'dies')).toBeUndefined();
  });
});
