import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { auditErrors } from '../../audit.errors.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import type { Checkpoint, TreeHead } from './checkpoint.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { TileTree, tilesOf } from './tile-tree.js';

/**
 * Signs what the log contains now. Before that the tree is held against what was signed last, by the database's account and by this
 * machine's own: each checkpoint extends the one before, or none is made.
 */
@Injectable()
export class SignCheckpoint {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
    private readonly signer: CheckpointSigner,
    private readonly clock: Clock,
  ) {}

  /** The new checkpoint; null when the log has not grown, or the last one is younger than `leastSeconds`. Raises `audit/fork_refused`. */
  async run(leastSeconds: number): Promise<Checkpoint | null> {
    const remembered = await this.signer.last();
    const head = await this.unitOfWork.asSystem((tx) => this.headToSign(tx, remembered, leastSeconds));
    if (head === null) return null;
    const { note, verifierKey } = await this.signer.sign(head);
    const checkpoint = { ...head, note, signedAt: this.clock.now() };
    await this.unitOfWork.asSystem((tx) => this.tables.checkpoints.keep(tx, checkpoint, verifierKey));
    return checkpoint;
  }

  private async headToSign(tx: Tx, remembered: TreeHead | undefined, leastSeconds: number): Promise<TreeHead | null> {
    const size = await this.tables.sequence.size(tx);
    const last = await this.tables.checkpoints.latest(tx);
    const signed: readonly TreeHead[] = [last ?? [], remembered ?? []].flat();
    if (signed.some((head) => head.size > size)) throw auditErrors.fork_refused();
    if (size === 0 || last?.size === size) return null;
    if (last && this.clock.nowMs() - last.signedAt.getTime() < leastSeconds * 1_000) return null;
    const wanted = [size, ...signed.map((head) => head.size)].map((to) => ({ from: 0, to }));
    const tree = new TileTree(await this.tables.tiles.read(tx, tilesOf(wanted)));
    if (signed.some((head) => !tree.hashOf({ from: 0, to: head.size }).equals(head.root))) throw auditErrors.fork_refused();
    return { size, root: tree.hashOf({ from: 0, to: size }) };
  }
}
