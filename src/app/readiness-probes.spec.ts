import { describe, expect, it } from 'vitest';
import { Settings } from '../platform/config/settings.js';
import type { SystemPool } from '../platform/database/system-pool.js';
import type { QueueHealth } from '../platform/queue/queue-health.js';
import { Readiness } from './readiness.js';
import { ReadinessProbes } from './readiness-probes.js';

describe('readiness', () => {
  it('A7: asks the database once, however many strangers ask meanwhile, and again for who asks later', async () => {
    const queries: PromiseWithResolvers<unknown>[] = [];
    const query = (): Promise<unknown> => {
      const next = Promise.withResolvers<unknown>();
      queries.push(next);
      return next.promise;
    };
    const settings = Object.assign(new Settings(), { roles: ['api'] });
    const probes = new ReadinessProbes(settings, new Readiness(), { query } as unknown as SystemPool, {} as QueueHealth);
    const ask = async (): Promise<unknown> =>
      probes
        .all()
        .find(({ name }) => name === 'database')
        ?.run();

    const flood = Array.from({ length: 1_000 }, ask);
    expect(queries).toHaveLength(1);
    queries[0]?.resolve('here');
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['here']));

    const later = [ask(), ask()];
    expect(queries).toHaveLength(2);
    queries[1]?.reject(new Error('gone'));
    await Promise.all(later.map((answer) => expect(answer).rejects.toThrow('gone')));
    const recovered = ask();
    queries[2]?.resolve('back');
    expect(await recovered).toBe('back');
  });
});
