import { Redis } from 'ioredis';
import { type StoreSweep, type Survivor, SweptStore } from '../../../contracts/swept-store.js';
import type { RedisPrefix } from '../../../platform/redis/redis-prefixes.js';
import { WINDOW_MS } from './window-counter.js';

/** A counter is given so long each time it is written. */
const LIFE_MS = 2 * WINDOW_MS;
const PAGE = 1_000;
const CONNECT_MS = 3_000;

interface Counter {
  readonly name: string;
  /** What is left of its life, milliseconds; null: no end was set. */
  readonly leftMs: number | null;
}

/**
 * Counters of shared rate limits go by the end that Redis was given with them, and nobody hears of it. So what is there is counted, and a counter without
 * an end, or with one too far away, is removed: Redis would keep it for ever.
 */
export class SweepRateCounters extends SweptStore {
  override readonly store = 'redis.rate-counters';
  override readonly dataClass = 'operational';
  override readonly expiresByItself = true;

  constructor(
    private readonly url: string,
    private readonly prefix: RedisPrefix,
  ) {
    super();
  }

  override sweep({ signal, removing }: StoreSweep): Promise<void> {
    return this.connected(async (redis) => {
      for await (const page of this.pages(redis)) {
        if (signal.aborted) return;
        const endless = page.filter(isEndless).map(({ name }) => name);
        await removing(
          endless.map((entry) => ({ entry })),
          async () => void (await redis.unlink(endless)),
        );
      }
    });
  }

  override async oldestSurvivor(nowMs: number): Promise<Survivor | null> {
    const ends = await this.connected(async (redis) => {
      const lefts: number[] = [];
      // One without an end should be gone already.
      for await (const page of this.pages(redis)) lefts.push(...page.map((each) => (isEndless(each) ? 0 : (each.leftMs ?? 0))));
      return lefts;
    });
    const leastMs = ends.reduce((least, left) => Math.min(least, left), Number.POSITIVE_INFINITY);
    return ends.length === 0 ? null : { writtenAt: new Date(nowMs - LIFE_MS + leastMs), dueAt: new Date(nowMs + leastMs) };
  }

  override entries(): Promise<number> {
    return this.connected(async (redis) => {
      let count = 0;
      for await (const page of this.pages(redis)) count += page.length;
      return count;
    });
  }

  private async *pages(redis: Redis): AsyncGenerator<Counter[]> {
    let cursor = '0';
    do {
      const [next, names] = await redis.scan(cursor, 'MATCH', `${this.prefix}*`, 'COUNT', PAGE);
      cursor = next;
      const lefts = await Promise.all(names.map((name) => redis.pttl(name)));
      // -2: gone since it was listed. -1: no end.
      yield names.flatMap((name, index) => {
        const left = lefts[index] ?? -2;
        return left === -2 ? [] : [{ name, leftMs: left === -1 ? null : left }];
      });
    } while (cursor !== '0');
  }

  /** On a connection of its own: those of the request path fail faster than a walk of all keys may take. */
  private async connected<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, {
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: 1,
      retryStrategy: () => null,
    });
    // A failed command says so itself; the event would end the process.
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }
}

function isEndless({ leftMs }: Counter): boolean {
  return leftMs === null || leftMs > LIFE_MS;
}
