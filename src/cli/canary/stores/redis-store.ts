import type { Redis } from 'ioredis';
import type { Piece } from './store.js';

const KEYS_AT_ONCE = 500;

/** Every key of a Redis, its name and its value as the server would move it to another. */
export async function* redisKeys(client: Redis): AsyncIterable<Piece> {
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'COUNT', KEYS_AT_ONCE);
    cursor = next;
    for (const key of keys) {
      // Gone since it was listed: then there is nothing of it to read.
      const value = (await client.dumpBuffer(key)) ?? Buffer.alloc(0);
      yield { location: key, source: { bytes: Buffer.concat([Buffer.from(`${key}\n`), value]) } };
    }
  } while (cursor !== '0');
}
