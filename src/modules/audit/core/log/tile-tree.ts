import { present } from '../../../../kernel/assert.js';
import { completeSubtrees, EMPTY_ROOT, HASH_BYTES, hashNode, type LeafRange, type Subtree } from './merkle-tree.js';

/** Hashes in a full tile, and the levels of the tree one tile spans (C2SP tlog-tiles). */
const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** Where a tile stands: `level` counts in tiles, not in levels of the tree. */
export interface TileName {
  readonly level: number;
  readonly position: number;
}

export interface Tile extends TileName {
  readonly hashes: Buffer;
}

/** The tiles that hold what the hashes of `ranges` are made of. For a proof, as many as the logarithm of the tree's size. */
export function tilesOf(ranges: readonly LeafRange[]): TileName[] {
  const names = new Map<string, TileName>();
  for (const subtree of ranges.flatMap(completeSubtrees)) {
    const place = placeOf(subtree);
    names.set(keyOf(place), place);
  }
  return [...names.values()];
}

/** The tiles of a tree of `size` leaves that are not full: those that new leaves are added to. */
export function rightEdge(size: number): TileName[] {
  const edge: TileName[] = [];
  let hashes = size;
  for (let level = 0; hashes > 0; level += 1) {
    if (hashes % TILE_WIDTH > 0) edge.push({ level, position: Math.floor(hashes / TILE_WIDTH) });
    hashes = Math.floor(hashes / TILE_WIDTH);
  }
  return edge;
}

/** Part of the tree, made of the tiles it was given: hashes of what lies in them, and new leaves at the right edge. */
export class TileTree {
  private readonly tiles = new Map<string, Tile>();
  private readonly changed = new Set<string>();
  /** Hashes between the levels that tiles hold, by level and index: proofs for neighbours share most of them. */
  private readonly between = new Map<string, Buffer>();

  constructor(tiles: Iterable<Tile>) {
    for (const tile of tiles) this.tiles.set(keyOf(tile), tile);
  }

  /** The hash of a range of leaves as proofs name them; of the whole tree with `{ from: 0, to: size }`. */
  hashOf(range: LeafRange): Buffer {
    const hashes = completeSubtrees(range).map((subtree) => this.subtreeHash(subtree));
    return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => hashNode(left, right));
  }

  /** Adds leaves behind the `size` there are. Needs the tiles of {@link rightEdge}. */
  append(size: number, leafHashes: readonly Buffer[]): void {
    this.extend(0, size, leafHashes);
  }

  /** The tiles that {@link append} made or added to. */
  changedTiles(): Tile[] {
    return [...this.changed].map((key) => this.tile(key));
  }

  private extend(level: number, count: number, hashes: readonly Buffer[]): void {
    const roots: Buffer[] = [];
    for (let done = 0; done < hashes.length; ) {
      const position = Math.floor((count + done) / TILE_WIDTH);
      const room = TILE_WIDTH - ((count + done) % TILE_WIDTH);
      const taken = hashes.slice(done, done + room);
      const before = room === TILE_WIDTH ? Buffer.alloc(0) : this.tile(keyOf({ level, position })).hashes;
      const tile = { level, position, hashes: Buffer.concat([before, ...taken]) };
      this.tiles.set(keyOf(tile), tile);
      this.changed.add(keyOf(tile));
      if (taken.length === room) roots.push(this.joint({ level: (level + 1) * TILE_HEIGHT, index: position }));
      done += taken.length;
    }
    if (roots.length > 0) this.extend(level + 1, Math.floor(count / TILE_WIDTH), roots);
  }

  private subtreeHash(subtree: Subtree): Buffer {
    const { level, index } = subtree;
    if (level % TILE_HEIGHT > 0) {
      const key = `${level}/${index}`;
      const hash = this.between.get(key) ?? this.joint(subtree);
      this.between.set(key, hash);
      return hash;
    }
    const { hashes } = this.tile(keyOf(placeOf(subtree)));
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    return hashes.subarray(at, at + HASH_BYTES);
  }

  private joint({ level, index }: Subtree): Buffer {
    const below = level - 1;
    return hashNode(this.subtreeHash({ level: below, index: index * 2 }), this.subtreeHash({ level: below, index: index * 2 + 1 }));
  }

  private tile(key: string): Tile {
    return present(this.tiles.get(key), `tile ${key} of the audit log`);
  }
}

/** The tile that holds the hashes a complete subtree is made of. They never lie in more than one. */
function placeOf({ level, index }: Subtree): TileName {
  const first = index * 2 ** (level % TILE_HEIGHT);
  return { level: Math.floor(level / TILE_HEIGHT), position: Math.floor(first / TILE_WIDTH) };
}

function keyOf({ level, position }: TileName): string {
  return `${level}/${position}`;
}
