import type { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { ClientPool } from '../../../platform/http-client/client-pool.js';

/** Origins with connections kept open. User-given base URLs make them, so there is a bound; the least recently used goes first. */
const MAX_ORIGINS = 256;
/** Upstreams close idle connections too; closing first avoids sending into a connection that is being closed. */
const KEEP_ALIVE_MS = 10_000;

/** One pool of connections per upstream origin. Every new connection passes the address guard. */
export class UpstreamPools {
  private readonly pools = new Map<string, ClientPool>();

  constructor(
    private readonly addresses: OutboundAddresses,
    private readonly connectMs: number,
  ) {}

  forOrigin(origin: string): ClientPool {
    let pool = this.pools.get(origin);
    if (pool) {
      // Map order is age: the one used last moves to the end. The common case of one origin is not touched.
      if (this.pools.size > 1) {
        this.pools.delete(origin);
        this.pools.set(origin, pool);
      }
      return pool;
    }
    const [oldest] = this.pools.keys();
    if (this.pools.size >= MAX_ORIGINS && oldest !== undefined) {
      this.pools.get(oldest)?.close();
      this.pools.delete(oldest);
    }
    // Stored URLs were checked, but the allowed networks may have shrunk since, and an IP literal meets no look-up.
    this.addresses.checkUrl(origin);
    pool = new ClientPool(origin, { lookup: this.addresses.lookup, connectMs: this.connectMs, keepAliveMs: KEEP_ALIVE_MS });
    this.pools.set(origin, pool);
    return pool;
  }

  close(): void {
    for (const pool of this.pools.values()) pool.destroy();
    this.pools.clear();
  }
}
