import { Pool } from 'undici';
import type { OutboundAddresses } from '../../../platform/http/outbound-address.js';

/** Origins with connections kept open. User-given base URLs make them, so there is a bound; the least recently used goes first. */
const MAX_ORIGINS = 256;
/** Upstreams close idle connections too; closing first avoids sending into a connection that is being closed. */
const KEEP_ALIVE_MS = 10_000;

/** One pool of connections per upstream origin. Every new connection passes the address guard. */
export class UpstreamPools {
  private readonly pools = new Map<string, Pool>();

  constructor(
    private readonly addresses: OutboundAddresses,
    private readonly connectMs: number,
  ) {}

  forOrigin(origin: string): Pool {
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
      void this.pools
        .get(oldest)
        ?.close()
        .catch(() => undefined);
      this.pools.delete(oldest);
    }
    // Stored URLs were checked, but the allowed networks may have shrunk since, and an IP literal meets no look-up.
    this.addresses.checkUrl(origin);
    pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      // One call, one connection: a cancelled call ends its connection and touches no other.
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // Each call keeps its own time, exact to the millisecond and about content, which the pool cannot see.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: this.connectMs, lookup: this.addresses.lookup },
    });
    this.pools.set(origin, pool);
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
    this.pools.clear();
  }
}
