import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import { httpErrors } from '../http/http.errors.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** What a reverse proxy on the same machine adds: behind one, everybody would come from loopback. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-real-ip'];

/** Who may read the metrics: whoever sends the token, or, where the operator set none, this machine alone. Also the injection token. */
export class MetricsAccess {
  private readonly digest: Buffer | null;

  constructor(token: string | undefined) {
    this.digest = token === undefined ? null : digestOf(token);
  }

  /** Raises `http/unauthenticated` without the token, and `http/forbidden` for a stranger where there is none. */
  check(request: IncomingMessage): void {
    if (this.digest === null) {
      if (!isLocal(request)) throw httpErrors.forbidden({ message: 'Set LETHE_METRICS_TOKEN to read the metrics from another machine.' });
      return;
    }
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    const known = scheme.toLowerCase() === 'bearer' && timingSafeEqual(digestOf(token), this.digest);
    if (!known) throw httpErrors.unauthenticated();
  }
}

function isLocal(request: IncomingMessage): boolean {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
  const isProxied = FORWARDING.some((name) => request.headers[name] !== undefined);
  return !isProxied && address !== '' && LOOPBACK.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/** Digests have one length, which comparing in constant time asks for. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
