import { TOKEN } from './grammar.js';
import { HttpClientError } from './http-client.errors.js';

/** A request whose body is in memory. */
export interface ClientRequest {
  readonly method: string;
  /** The path as it goes on the wire, percent-encoded. */
  readonly path: string;
  /** Names in lower case; `host`, `content-length` and `connection` are not among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Up to here head and body leave in one buffer: a copy costs less than a second part of a write. */
const ONE_PIECE_MAX_BYTES = 16_384;

const METHOD = /^[A-Z]+$/;
const PATH = /^\/[\x21-\x7e]*$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The request as it goes on the wire (RFC 9112 §3 and §5). Raises `invalid_request` for what would leave its line. */
export function writeRequest(host: string, { method, path, headers, body }: ClientRequest): Buffer[] {
  if (!METHOD.test(method) || !PATH.test(path)) throw new HttpClientError('invalid_request', 'the method or path cannot be sent');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string;
    if (!TOKEN.test(name) || !VALUE.test(value)) throw new HttpClientError('invalid_request', 'a header cannot be sent');
    head += `${name}: ${value}\r\n`;
  }
  head += `content-length: ${body.length}\r\n\r\n`;
  if (head.length + body.length > ONE_PIECE_MAX_BYTES) return [Buffer.from(head, 'latin1'), body];
  const whole = Buffer.allocUnsafe(head.length + body.length);
  whole.write(head, 0, 'latin1');
  body.copy(whole, head.length);
  return [whole];
}
