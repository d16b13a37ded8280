import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const PATIENCE_MS = 5_000;

/** A connection that sends what no proper client would, and reads answers one after another. */
export class RawConnection {
  private received = Buffer.alloc(0);
  private ended = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.ended = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get isClosed(): boolean {
    return this.ended;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** A POST of JSON. `more` are further header lines. */
  post(path: string, key: string, body: string, more: readonly string[] = []): void {
    const lines = [
      `POST ${path} HTTP/1.1`,
      'Host: lethe',
      `Authorization: Bearer ${key}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...more,
    ];
    this.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  /** Bytes that came and that no answer has taken. */
  get waiting(): string {
    return this.received.toString('latin1');
  }

  /** The next answer; rejects when none comes. */
  async answer(): Promise<RawAnswer> {
    const headEnd = await this.until(() => indexAfter(this.received, '\r\n\r\n', 0));
    const [statusLine = '', ...lines] = this.received.toString('latin1', 0, headEnd - 4).split('\r\n');
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = headers.get('content-length');
    const end = await this.until(() => {
      if (length !== undefined) return this.received.length >= headEnd + Number(length) ? headEnd + Number(length) : -1;
      if (headers.get('transfer-encoding') === 'chunked') return indexAfter(this.received, '\r\n0\r\n\r\n', headEnd);
      return headEnd;
    });
    const body = this.received.toString('utf8', headEnd, end);
    this.received = this.received.subarray(end);
    return { status: Number(statusLine.split(' ')[1]), headers, body };
  }

  /** Waits until the other side has closed. */
  async closed(): Promise<void> {
    await this.until(() => (this.ended ? 1 : -1));
  }

  close(): void {
    this.socket.destroy();
  }

  private async until(found: () => number): Promise<number> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const at = found();
      if (at !== -1) return at;
      if (Date.now() > deadline || this.ended)
        throw new Error(
          `the awaited bytes did not come; there are ${this.received.length}, and the connection is ${this.ended ? 'closed' : 'open'}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function indexAfter(bytes: Buffer, mark: string, from: number): number {
  const at = bytes.indexOf(mark, from, 'latin1');
  return at === -1 ? -1 : at + mark.length;
}
