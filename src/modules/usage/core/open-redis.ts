import { Redis } from 'ioredis';

/** Commands wait for Redis no longer than this before limits count per process. */
const REDIS_COMMAND_MS = 100;

/** A connection for rate limits: it fails fast and never queues, because a call is waiting. */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    commandTimeout: REDIS_COMMAND_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  // Each failed command is reported by the counters; the event itself would end the process.
  redis.on('error', () => undefined);
  return redis;
}
