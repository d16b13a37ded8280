import { Redis } from 'ioredis';
import type { Settings } from '../../platform/config/settings.js';
import { error, type Finding, ok, warn } from './finding.js';

const CONNECT_MS = 3_000;

/** Whether Redis answers and keeps what it was given: an event handed to the queue has left the outbox. */
export async function examineRedis({ redisUrl, environment }: Settings): Promise<Finding[]> {
  if (redisUrl === undefined) return [ok('redis', 'Not used: the queue is on PostgreSQL, and rate limits are counted per process.')];
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let trouble = 'no answer';
  redis.on('error', (failure: NodeJS.ErrnoException) => {
    trouble = failure.code ?? failure.message.split(' ', 1)[0] ?? trouble;
  });
  try {
    await redis.connect();
    const facts = `${await redis.info('persistence')}\n${await redis.info('memory')}`;
    return persistenceFindings(facts, environment === 'production');
  } catch (failure) {
    // The first word of what Redis says is its code, such as WRONGPASS or NOAUTH; the rest may quote the URL.
    const said = (failure as Error).message.split(' ', 1)[0] ?? '';
    const code = /^[A-Z]+$/.test(said) ? said : trouble;
    return [
      error(
        'redis',
        `Redis cannot be used (${code}).`,
        'Check REDIS_URL and that Redis runs; without REDIS_URL the queue is on PostgreSQL.',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

/** `facts`: the answer of `INFO persistence` and `INFO memory`. */
export function persistenceFindings(facts: string, production: boolean): Finding[] {
  const fact = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(facts)?.[1];
  const findings: Finding[] = [];
  if (fact('aof_enabled') !== '1') {
    const message = 'Redis does not write an append-only file: events handed to the queue are lost when it stops.';
    const action = 'Set `appendonly yes`, or leave REDIS_URL unset and let the queue live in PostgreSQL.';
    findings.push(production ? error('redis', message, action) : warn('redis', message, action));
  }
  const policy = fact('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    findings.push(
      warn(
        'redis',
        `Redis may throw jobs away when its memory is full (maxmemory-policy ${policy}).`,
        'Set `maxmemory-policy noeviction`.',
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('redis', 'Redis answers and persists.')];
}
