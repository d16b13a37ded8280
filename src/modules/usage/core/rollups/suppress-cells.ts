/** What each organisation has in one cell, by an id or number of it. */
export type Contributions = ReadonlyMap<string, number>;

/** One figure by provider and model, and who it comes from. A model may be marked as never to be shown. */
export interface StatisticLeaf {
  readonly provider: string;
  readonly model: string;
  readonly contributions: Contributions;
  readonly neverShown: boolean;
}

/** What may be told of one figure: sums of cells, of providers and of everything. What is withheld is not in it. */
export interface Release {
  readonly leaves: ReadonlyMap<StatisticLeaf, number>;
  readonly providers: ReadonlyMap<string, number>;
  readonly total: number | null;
}

/** When a group is large enough to tell nobody's figures. */
export interface GroupRule {
  /** Organisations that contribute, at least. */
  readonly minimumGroup: number;
  /** The largest share one of them may have: more, and its figure could be told from the sum (dominance rule). */
  readonly largestShare: number;
}

/** Whether a sum over these tells nothing of any one of them. That nobody has anything is told too: it is of all of them. */
export function isLargeEnough(contributions: Contributions, { minimumGroup, largestShare }: GroupRule): boolean {
  const values = [...contributions.values()].filter((value) => value > 0);
  if (values.length === 0) return true;
  const sum = values.reduce((all, value) => all + value, 0);
  return values.length >= minimumGroup && Math.max(...values) <= largestShare * sum;
}

/**
 * Decides what of one figure is released. A cell whose group is too small is withheld; and since a sum less what is shown of it gives the rest, each sum
 * that is shown leaves a rest that is itself large enough, or nothing: then every figure that can be computed from those shown is the sum of such rests, and
 * so over a group as large (two large enough make one that is). To get there a provider gives up its smallest cells (complementary suppression) and, if
 * none is left to give, its sum.
 */
export function releaseOf(leaves: readonly StatisticLeaf[], rule: GroupRule): Release {
  const shown = new Map<StatisticLeaf, number>();
  const providers = new Map<string, number>();
  let withheld: StatisticLeaf[] = [];
  for (const [provider, own] of Map.groupBy(leaves, (leaf) => leaf.provider)) {
    const open = own.filter((leaf) => !leaf.neverShown && isLargeEnough(leaf.contributions, rule)).sort((a, b) => sumOf([b]) - sumOf([a]));
    const kept = keepWithSum(own, open, rule);
    for (const leaf of kept ?? open) shown.set(leaf, sumOf([leaf]));
    if (kept) providers.set(provider, sumOf(own));
    else withheld = withheld.concat(own.filter((leaf) => !open.includes(leaf)));
  }
  return { leaves: shown, providers, total: isLargeEnough(together(withheld), rule) ? sumOf(leaves) : null };
}

/** The cells, largest first, that may be shown beside the sum of all; null when the sum may not be shown whatever is given up for it. */
function keepWithSum(all: readonly StatisticLeaf[], open: readonly StatisticLeaf[], rule: GroupRule): readonly StatisticLeaf[] | null {
  for (let kept = open.length; kept >= 0; kept -= 1) {
    const rest = together(all.filter((leaf) => !open.slice(0, kept).includes(leaf)));
    if (isLargeEnough(rest, rule)) return open.slice(0, kept);
  }
  return null;
}

function sumOf(leaves: readonly StatisticLeaf[]): number {
  return leaves.reduce((sum, { contributions }) => [...contributions.values()].reduce((all, value) => all + value, sum), 0);
}

function together(leaves: readonly StatisticLeaf[]): Contributions {
  const sums = new Map<string, number>();
  for (const { contributions } of leaves) {
    for (const [who, value] of contributions) sums.set(who, (sums.get(who) ?? 0) + value);
  }
  return sums;
}
