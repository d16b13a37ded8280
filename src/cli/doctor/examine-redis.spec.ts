import { describe, expect, it } from 'vitest';
import { Settings } from '../../platform/config/settings.js';
import { examineRedis, persistenceFindings } from './examine-redis.js';

const facts = (aof: '0' | '1', policy: string): string =>
  `# Persistence\r\nloading:0\r\naof_enabled:${aof}\r\n# Memory\r\nmaxmemory_policy:${policy}\r\n`;

describe('doctor on Redis', () => {
  it('is content with an append-only file and no eviction', () => {
    expect(persistenceFindings(facts('1', 'noeviction'), true)).toMatchObject([{ level: 'ok' }]);
  });

  it('finds an error in production, a warning in development, when jobs would not survive a restart', () => {
    expect(persistenceFindings(facts('0', 'noeviction'), true)).toMatchObject([
      { level: 'error', action: expect.stringContaining('appendonly') },
    ]);
    expect(persistenceFindings(facts('0', 'noeviction'), false)).toMatchObject([{ level: 'warn' }]);
  });

  it('warns when Redis may evict jobs', () => {
    expect(persistenceFindings(facts('1', 'allkeys-lru'), true)).toMatchObject([
      { level: 'warn', message: expect.stringContaining('allkeys-lru') },
    ]);
  });

  it('K2: names no password when Redis cannot be reached', async () => {
    const findings = await examineRedis(Object.assign(new Settings(), { redisUrl: 'redis://:hunter2hunter2@127.0.0.1:1' }));
    expect(findings).toMatchObject([{ level: 'error', message: expect.stringContaining('ECONNREFUSED') }]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });
});
