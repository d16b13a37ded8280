import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { auditErrors } from '../../audit.errors.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import type { Checkpoint } from './checkpoint.js';
import { consistencyPath, inclusionPath, type LeafRange } from './merkle-tree.js';
import { TileTree, tilesOf } from './tile-tree.js';

/** Shows that a leaf is in the tree of `treeSize` leaves. */
export interface InclusionProof {
  readonly leafIndex: number;
  readonly leafHash: Buffer;
  readonly treeSize: number;
  readonly path: readonly Buffer[];
}

/** Shows that the tree of `to` leaves begins with the tree of `from` leaves. */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly path: readonly Buffer[];
}

/** What anybody may ask of the log: hashes, proofs and signatures, never an event. */
@Injectable()
export class ReadProofs {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
  ) {}

  /** The checkpoint of this size, or the newest. Raises `audit/unknown_checkpoint` and `audit/no_checkpoint`. */
  checkpoint(size?: number): Promise<Checkpoint> {
    return this.unitOfWork.asSystem((tx) => (size === undefined ? newest(this.tables, tx) : checkpointOf(this.tables, tx, size)));
  }

  /** Verification keys, the one used last first. */
  keys(): Promise<{ verifierKey: string; firstUsedAt: Date }[]> {
    return this.unitOfWork.asSystem((tx) => this.tables.checkpoints.keys(tx));
  }

  /** Raises `audit/unknown_leaf`, and 400 for a size that no checkpoint covers yet. */
  inclusion(leaf: number | Buffer, size?: number): Promise<InclusionProof> {
    return this.unitOfWork.asSystem(async (tx) => {
      const treeSize = await this.coveredSize(tx, size, 'size');
      const leafIndex = typeof leaf === 'number' ? leaf : await this.find(tx, leaf);
      if (leafIndex >= treeSize) throw auditErrors.unknown_leaf();
      const [leafHash, ...path] = await hashesOf(this.tables, tx, [
        { from: leafIndex, to: leafIndex + 1 },
        ...inclusionPath(leafIndex, treeSize),
      ]);
      return { leafIndex, leafHash: leafHash as Buffer, treeSize, path };
    });
  }

  /** Raises 400 for a size that no checkpoint covers yet. */
  consistency(from: number, to?: number): Promise<ConsistencyProof> {
    return this.unitOfWork.asSystem(async (tx) => {
      const size = await this.coveredSize(tx, to, 'to');
      if (from > size) throw invalidRequest([{ field: 'from', message: `must be at most ${size}` }]);
      return { from, to: size, path: await hashesOf(this.tables, tx, consistencyPath(from, size)) };
    });
  }

  private async coveredSize(tx: Tx, wanted: number | undefined, field: string): Promise<number> {
    const { size } = await newest(this.tables, tx);
    if (wanted !== undefined && wanted > size)
      throw invalidRequest([{ field, message: `must be at most ${size}, the newest checkpoint's size` }]);
    return wanted ?? size;
  }

  private async find(tx: Tx, leafHash: Buffer): Promise<number> {
    for (const index of await this.tables.tiles.candidates(tx, leafHash)) {
      const [hash] = await hashesOf(this.tables, tx, [{ from: index, to: index + 1 }]);
      if (hash?.equals(leafHash)) return index;
    }
    throw auditErrors.unknown_leaf();
  }
}

/** Raises `audit/no_checkpoint`. */
export async function newest(tables: AuditLogTables, tx: Tx): Promise<Checkpoint> {
  const checkpoint = await tables.checkpoints.latest(tx);
  if (checkpoint === null) throw auditErrors.no_checkpoint();
  return checkpoint;
}

/** Raises `audit/unknown_checkpoint`. */
export async function checkpointOf(tables: AuditLogTables, tx: Tx, size: number): Promise<Checkpoint> {
  const checkpoint = await tables.checkpoints.ofSize(tx, size);
  if (checkpoint === null) throw auditErrors.unknown_checkpoint();
  return checkpoint;
}

/** The hashes of these ranges, from the few tiles they lie in. */
export async function hashesOf(tables: AuditLogTables, tx: Tx, ranges: readonly LeafRange[]): Promise<Buffer[]> {
  const tree = new TileTree(await tables.tiles.read(tx, tilesOf(ranges)));
  return ranges.map((range) => tree.hashOf(range));
}
