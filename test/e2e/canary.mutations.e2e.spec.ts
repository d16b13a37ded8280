import { describe, expect, it } from 'vitest';
import { present } from '../../src/kernel/assert.js';
import { LEAKED, LEAKY_REDIS, LEAKY_STORES } from '../harness/canary/leaks.js';
import { noticed, runLeaking, runMutated } from '../harness/canary/mutation.js';
import { MUTATIONS } from '../harness/canary/mutations.js';
import { hasRedisServer } from '../harness/redis-process.js';

// All of them are `npm run torture -- canary-mutations`.
const SHORT = ['content is written as it was said', 'receipts are not written'].map((wanted) =>
  present(
    MUTATIONS.find(({ name }) => name === wanted),
    `the mutation “${wanted}”`,
  ),
);

describe('the canaries notice', () => {
  it('C1: a word that is put into a store past Lethe, in every store (Redis where there is a redis-server)', async () => {
    const { survivors } = await runLeaking(true);
    const stores = new Set(survivors.filter(({ place }) => place === LEAKED).map(({ store }) => store));
    expect([...stores].sort()).toEqual(expect.arrayContaining([...LEAKY_STORES, ...(hasRedisServer ? LEAKY_REDIS : [])]));
  }, 120_000);

  it.each(SHORT.map((mutation) => [mutation.name, mutation] as const))(
    'C4, D2: that %s',
    async (_name, mutation) => {
      const report = await runMutated(mutation);
      expect(noticed(mutation, report), JSON.stringify([report.survivors.slice(0, 3), report.missing.slice(0, 3)])).toBe(true);
    },
    120_000,
  );
});
