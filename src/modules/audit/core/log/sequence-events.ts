import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import { NOTHING_SEEN, type PendingCursor, type PendingEvent } from '../../data/audit-sequence.repository.js';
import { leafHashOf, type LogEntry } from './log-entry.js';
import { rightEdge, TileTree } from './tile-tree.js';

/** Events that become leaves in one transaction: some hundred milliseconds of work. */
const BATCH = 1_000;

/** One look at everything that has been committed: what it began with, and how far it is. */
interface Pass {
  readonly seen: string;
  readonly snapshot: string;
  readonly cursor: PendingCursor | undefined;
  readonly isOver: boolean;
  readonly added: number;
  /** Leaves of the log now. */
  readonly size: number;
}

/**
 * Gives committed events their places in the log (O6): each once, without gaps, in the order of their transactions. A batch is one
 * transaction that holds the log for itself, so whoever is killed leaves a whole batch or nothing, and two sequencers take turns.
 */
@Injectable()
export class SequenceEvents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
  ) {}

  /** Goes on until everything committed when it began is in the log, or until it is asked to stop. */
  async run(signal?: AbortSignal): Promise<{ readonly added: number; readonly size: number }> {
    let added = 0;
    for (let pass: Pass | undefined; ; ) {
      const before: Pass | undefined = pass;
      pass = await this.unitOfWork.asSystem((tx) => this.batch(tx, before));
      added += pass.added;
      if (pass.isOver || signal?.aborted === true) return { added, size: pass.size };
    }
  }

  private async batch(tx: Tx, before: Pass | undefined): Promise<Pass> {
    const state = await this.tables.sequence.lock(tx);
    const pass = before ?? { seen: state.seen, snapshot: state.now, cursor: undefined };
    const found = await this.tables.sequence.pending(tx, pass.seen, pass.cursor, BATCH);
    // Found again are those that came in while an earlier pass was under way, and those another sequencer has just placed.
    const placed = found.length === 0 ? new Set<string>() : await this.tables.sequence.positioned(tx, found);
    const events = found.filter(({ id }) => !placed.has(id));
    if (events.length > 0) await this.append(tx, state.size, events);
    const isOver = found.length < BATCH;
    const foundAny = found.length > 0 || before !== undefined;
    // A look that finds nothing writes nothing: what was seen before is still all there is.
    if (isOver && (foundAny || pass.seen === NOTHING_SEEN)) await this.tables.sequence.caughtUp(tx, pass.snapshot);
    return {
      seen: pass.seen,
      snapshot: pass.snapshot,
      cursor: found.at(-1) ?? pass.cursor,
      isOver,
      added: events.length,
      size: state.size + events.length,
    };
  }

  private async append(tx: Tx, size: number, events: readonly PendingEvent[]): Promise<void> {
    await this.tables.sequence.makePartitions(tx, events);
    const entries = await this.numbered(tx, events);
    const hashes = entries.map(leafHashOf);
    const tree = new TileTree(await this.tables.tiles.read(tx, rightEdge(size)));
    tree.append(size, hashes);
    await this.tables.tiles.write(tx, tree.changedTiles());
    await this.tables.tiles.index(tx, size, hashes);
    const positions = entries.map(({ id, expiresOn, organisationId, number }, at) => {
      return { eventId: id, expiresOn, organisationId, leafIndex: size + at, number };
    });
    await this.tables.sequence.place(tx, positions);
    await this.tables.sequence.grow(tx, size + events.length);
  }

  private async numbered(tx: Tx, events: readonly PendingEvent[]): Promise<LogEntry[]> {
    const added = new Map<OrganisationId | null, number>();
    for (const { organisationId } of events) added.set(organisationId, (added.get(organisationId) ?? 0) + 1);
    const counts = new Map(await this.tables.sequence.count(tx, added));
    return events.map((event) => {
      const number = (counts.get(event.organisationId) ?? 0) + 1;
      counts.set(event.organisationId, number);
      return { ...event, number };
    });
  }
}
