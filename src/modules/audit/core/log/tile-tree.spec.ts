import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifier } from '../../../../../test/harness/verifier.js';
import { consistencyPath, EMPTY_ROOT, hashLeaf, inclusionPath, type LeafRange } from './merkle-tree.js';
import { rightEdge, type Tile, type TileName, TileTree, tilesOf } from './tile-tree.js';

const SIZES = 1_000;

/** RFC 6962 §2.1 word for word: slow, and nothing in it to get wrong. */
class Reference {
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly leaves: readonly Buffer[]) {}

  /** MTH(D[from:to]). */
  root(from: number, to: number): Buffer {
    const key = `${from}:${to}`;
    const known = this.known.get(key);
    if (known) return known;
    const hash = to - from === 1 ? (this.leaves[from] as Buffer) : this.node(from, to);
    this.known.set(key, hash);
    return hash;
  }

  /** PATH(m, D[from:to]). */
  inclusion(m: number, from: number, to: number): Buffer[] {
    const n = to - from;
    if (n === 1) return [];
    const k = split(n);
    if (m < k) return [...this.inclusion(m, from, from + k), this.root(from + k, to)];
    return [...this.inclusion(m - k, from + k, to), this.root(from, from + k)];
  }

  /** SUBPROOF(m, D[from:to], b). */
  consistency(m: number, [from, to]: readonly [number, number], b: boolean): Buffer[] {
    const n = to - from;
    if (m === n) return b ? [] : [this.root(from, to)];
    const k = split(n);
    if (m <= k) return [...this.consistency(m, [from, from + k], b), this.root(from + k, to)];
    return [...this.consistency(m - k, [from + k, to], false), this.root(from, from + k)];
  }

  private node(from: number, to: number): Buffer {
    const middle = from + split(to - from);
    return createHash('sha256').update(Buffer.of(1)).update(this.root(from, middle)).update(this.root(middle, to)).digest();
  }
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

/** The table of tiles, in memory. */
class Store {
  private readonly tiles = new Map<string, Tile>();
  size = 0;

  read(names: readonly TileName[]): Tile[] {
    return names.map(({ level, position }) => this.tiles.get(`${level}/${position}`) as Tile);
  }

  append(hashes: readonly Buffer[]): void {
    const tree = new TileTree(this.read(rightEdge(this.size)));
    tree.append(this.size, hashes);
    for (const tile of tree.changedTiles()) this.tiles.set(`${tile.level}/${tile.position}`, tile);
    this.size += hashes.length;
  }

  /** From the tiles that are needed and no others. */
  hashes(ranges: readonly LeafRange[]): Buffer[] {
    const tree = new TileTree(this.read(tilesOf(ranges)));
    return ranges.map((range) => tree.hashOf(range));
  }

  /** From all tiles at once, as when many proofs are made together. */
  whole(): (ranges: readonly LeafRange[]) => Buffer[] {
    const tree = new TileTree(this.tiles.values());
    return (ranges) => ranges.map((range) => tree.hashOf(range));
  }
}

const leaves = Array.from({ length: 70_000 }, (_, at) => hashLeaf(Buffer.from(`leaf ${at}`)));

function stored(size: number): Store {
  const store = new Store();
  for (let at = 0; at < size; ) {
    // Batches of every length, so that they end in the middle of tiles and on their edges.
    const batch = leaves.slice(at, Math.min(size, at + 1 + ((at * 7) % 600)));
    store.append(batch);
    at += batch.length;
  }
  return store;
}

describe('the tree in tiles', () => {
  const reference = new Reference(leaves);

  it('O6: 1,000 sizes: roots, inclusion and consistency proofs are those of RFC 6962, and the verifier accepts them', () => {
    const hashes = stored(SIZES).whole();
    let proofs = 0;
    for (let size = 1; size <= SIZES; size += 1) {
      const root = reference.root(0, size);
      expect(same(hashes([{ from: 0, to: size }]), [root])).toBe(true);
      for (const index of spread(size, 0)) {
        const path = hashes(inclusionPath(index, size));
        expect(same(path, reference.inclusion(index, 0, size))).toBe(true);
        expect(verifier.rootFromInclusion(index, size, leaves[index] as Buffer, path)?.equals(root)).toBe(true);
        proofs += 1;
      }
      for (const older of spread(size + 1, 1)) {
        const path = hashes(consistencyPath(older, size));
        expect(same(path, reference.consistency(older, [0, size], true))).toBe(true);
        expect(verifier.isConsistent(older, size, reference.root(0, older), root, path)).toBe(true);
        proofs += 1;
      }
    }
    expect(proofs).toBeGreaterThan(10 * SIZES);
  });

  it('O6: a proof does not hold for another leaf, place, size or root, nor with a hash more or less', () => {
    const store = stored(300);
    for (const [index, size] of [
      [0, 1],
      [0, 2],
      [6, 7],
      [200, 300],
      [255, 256],
    ] as const) {
      const root = reference.root(0, size);
      const path = store.hashes(inclusionPath(index, size));
      const gives = (at: number, of: number, leaf = leaves[index] as Buffer, by = path) =>
        verifier.rootFromInclusion(at, of, leaf, by)?.equals(root) ?? false;
      expect(gives(index, size)).toBe(true);
      expect(gives(index, size, leaves[index + 1])).toBe(false);
      expect(gives(index + 1, size)).toBe(false);
      expect(gives(index, size, leaves[index], [...path, root])).toBe(false);
      if (size === 1) continue;
      expect(gives(index, size, leaves[index], path.slice(1))).toBe(false);
      expect(gives(index, size, leaves[index], path.toReversed())).toBe(path.length < 2);
      expect(gives(index === 0 ? 1 : index - 1, size)).toBe(false);
    }
    const [root, path] = [reference.root(0, 300), store.hashes(consistencyPath(150, 300))];
    const holds = (older: number, size: number, by = path, from = reference.root(0, 150)) =>
      verifier.isConsistent(older, size, from, root, by);
    expect(holds(150, 300)).toBe(true);
    expect([holds(149, 300), holds(150, 600), holds(300, 150), holds(0, 300), holds(300, 300)]).toEqual(Array(5).fill(false));
    expect(holds(150, 300, path.slice(1))).toBe(false);
    expect(holds(150, 300, [...path, root])).toBe(false);
    expect(holds(150, 300, path, reference.root(0, 151))).toBe(false);
  });

  it('needs a handful of tiles for a proof, however large the tree', () => {
    const store = stored(70_000);
    expect(store.hashes([{ from: 0, to: 70_000 }])).toEqual([reference.root(0, 70_000)]);
    const path = inclusionPath(33_333, 70_000);
    expect(store.hashes(path)).toEqual(reference.inclusion(33_333, 0, 70_000));
    expect(tilesOf(path).length).toBeLessThanOrEqual(5);
    expect(rightEdge(70_000)).toEqual([
      { level: 0, position: 273 },
      { level: 1, position: 1 },
      { level: 2, position: 0 },
    ]);
  });

  it('the empty tree has the root that RFC 6962 gives it', () => {
    expect(new TileTree([]).hashOf({ from: 0, to: 0 })).toEqual(EMPTY_ROOT);
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('hashes the eight leaves of the test vectors that the first logs were checked with', () => {
    const data = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const store = new Store();
    store.append(data.map((hex) => hashLeaf(Buffer.from(hex, 'hex'))));
    const roots = [1, 2, 3, 5, 8].map((to) =>
      store
        .hashes([{ from: 0, to }])[0]
        ?.toString('hex')
        .slice(0, 16),
    );
    expect(roots).toEqual(['6e340b9cffb37a98', 'fac54203e7cc696c', 'aeb6bcfe274b70a1', '4e3bbb1f7b478dcf', '5dc9da79a70659a9']);
  });
});

/** Comparing buffers by `toEqual` takes longer than all the hashing. */
function same(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.length === others.length && some.every((hash, at) => hash.equals(others[at] as Buffer));
}

/** Indices of a range that are worth a look: both ends, around powers of two, and some between. */
function spread(to: number, from: number): number[] {
  const around = [64, 128, 256, 512].flatMap((power) => [power - 1, power]);
  const wanted = [from, from + 1, Math.floor(to / 3), Math.floor(to / 2), to - 2, to - 1, ...around];
  return [...new Set(wanted)].filter((index) => index >= from && index < to);
}
