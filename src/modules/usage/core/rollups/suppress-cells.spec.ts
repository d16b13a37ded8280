import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GroupRule, isLargeEnough, type Release, releaseOf, type StatisticLeaf } from './suppress-cells.js';

const RULE: GroupRule = { minimumGroup: 5, largestShare: 0.8 };

const leaf = (provider: string, model: string, values: readonly number[], neverShown = false): StatisticLeaf => ({
  provider,
  model,
  contributions: new Map(values.map((value, index) => [`organisation-${index}`, value])),
  neverShown,
});

/** Everything an outsider can compute by subtraction: each sum shown less all that is shown under it. The rest of its algebra adds these up. */
function differences(leaves: readonly StatisticLeaf[], release: Release): StatisticLeaf[][] {
  const hidden = (own: readonly StatisticLeaf[]) => own.filter((each) => !release.leaves.has(each));
  const byProvider = [...Map.groupBy(leaves, ({ provider }) => provider)];
  const rests = byProvider.filter(([provider]) => release.providers.has(provider)).map(([, own]) => hidden(own));
  const above = byProvider.filter(([provider]) => !release.providers.has(provider)).flatMap(([, own]) => hidden(own));
  return [...[...release.leaves.keys()].map((each) => [each]), ...rests, ...(release.total === null ? [] : [above])];
}

function contributionsOf(leaves: readonly StatisticLeaf[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [who, value] of leaves.flatMap(({ contributions }) => [...contributions])) sums.set(who, (sums.get(who) ?? 0) + value);
  return sums;
}

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0);

describe('what statistics over organisations tell', () => {
  it('is nothing of a group below the minimum, nor of one led by a single organisation', () => {
    expect(isLargeEnough(leaf('p', 'm', [9, 9, 9, 9]).contributions, RULE)).toBe(false);
    expect(isLargeEnough(leaf('p', 'm', [9, 9, 9, 9, 9]).contributions, RULE)).toBe(true);
    expect(isLargeEnough(leaf('p', 'm', [81, 5, 5, 5, 4]).contributions, RULE)).toBe(false);
    expect(isLargeEnough(leaf('p', 'm', [80, 5, 5, 5, 5]).contributions, RULE)).toBe(true);
    expect(isLargeEnough(leaf('p', 'm', [9, 9, 9, 9, 0]).contributions, RULE), 'who has nothing makes no group larger').toBe(false);
  });

  it('withholds a second cell where a single withheld one could be told from the sum', () => {
    const [large, small, alone] = [leaf('p', 'large', [9, 9, 9, 9, 9]), leaf('p', 'small', [2, 2, 2, 2, 2]), leaf('p', 'alone', [7])];
    const release = releaseOf([large, small, alone], RULE);
    expect([...release.leaves.keys()]).toEqual([large]);
    expect(release.providers.get('p')).toBe(62);
    expect((release.providers.get('p') ?? 0) - sum(release.leaves.values()), 'the differencing attack').not.toBe(7);
  });

  it('withholds the sum where giving up cells does not help', () => {
    const large = leaf('p', 'large', [9, 9, 9, 9, 9]);
    const release = releaseOf([large, leaf('p', 'huge', [10_000])], RULE);
    expect([...release.leaves.keys()]).toEqual([large]);
    expect([release.providers.size, release.total]).toEqual([0, null]);
  });

  it('never names a model that is not to be shown, and still counts it', () => {
    const [named, rest] = [leaf('p', 'named', [3, 3, 3, 3, 3]), leaf('p', '', [4, 4, 4, 4, 4], true)];
    const release = releaseOf([named, rest], RULE);
    expect([[...release.leaves.keys()], release.total]).toEqual([[named], 35]);
  });

  it('gives no group below the minimum, nor one led by a single organisation, whatever is subtracted from what', () => {
    const cell = fc.record({
      provider: fc.constantFrom('a', 'b', 'c'),
      values: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10_000 })), { maxLength: 12 }),
      neverShown: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 14 }), (cells) => {
        const leaves = cells.map(({ provider, values, neverShown }, index) => leaf(provider, `model-${index}`, values, neverShown));
        const release = releaseOf(leaves, RULE);
        for (const group of differences(leaves, release)) expect(isLargeEnough(contributionsOf(group), RULE)).toBe(true);
        // And what is shown is true.
        for (const [shown, value] of release.leaves) expect(value).toBe(sum(shown.contributions.values()));
        if (release.total !== null) expect(release.total).toBe(sum(contributionsOf(leaves).values()));
      }),
      { numRuns: 2_000 },
    );
  });
});
