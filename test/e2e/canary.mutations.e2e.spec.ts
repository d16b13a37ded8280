import { describe, expect, it } from 'vitest';
import { LEAKED, LEAKY_STORES } from '../harness/canary/leaks.js';
import { MUTATIONS, noticed, runLeaking, runMutated } from '../harness/canary/mutations.js';

// All of them are `npm run torture -- canary-mutations`.
const SHORT = ['tables are not rewritten', 'inputs of failed calls are not redacted'];

describe('the canaries notice', () => {
  it('C1: a word that is put into a store past Lethe, in every store', async () => {
    const { survivors } = await runLeaking(false);
    const stores = new Set(survivors.filter(({ place }) => place === LEAKED).map(({ store }) => store));
    expect([...stores].sort()).toEqual(expect.arrayContaining(LEAKY_STORES));
  }, 120_000);

  it.each(MUTATIONS.filter(({ name }) => SHORT.includes(name)).map((mutation) => [mutation.name, mutation] as const))(
    'C2, D2: that %s',
    async (_name, mutation) => {
      const report = await runMutated(mutation);
      expect(noticed(mutation, report), JSON.stringify(report.survivors.slice(0, 3))).toBe(true);
    },
    120_000,
  );
});
