import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { PlacedEvent } from '../../data/audit-entries.repository.js';
import { AuditLogTables } from '../../data/audit-log-tables.js';
import { canonicalJson, type Json } from './canonical-json.js';
import type { Checkpoint } from './checkpoint.js';
import { loggedEvent } from './log-entry.js';
import { consistencyPath, inclusionPath } from './merkle-tree.js';
import { checkpointOf, hashesOf, newest } from './read-proofs.js';
import { TileTree, tilesOf } from './tile-tree.js';

export interface BundleQuery {
  /** The first event's number in its organisation, from 1; for the whole installation the first leaf's index, from 0. */
  readonly from?: number | undefined;
  /** At most this many entries. */
  readonly limit: number;
  /** The size of an earlier checkpoint, which the bundle shows to be contained in its own. */
  readonly since?: number | undefined;
}

/** A leaf, with the event it stands for unless that has expired. */
interface Entry {
  readonly leafIndex: number;
  readonly event: PlacedEvent | undefined;
}

/**
 * Makes a bundle: events with everything needed to verify offline that they are in the log, unchanged and without gaps. The format is
 * described in docs/audit-log.md; `verify/lethe-verify.mjs` reads it.
 */
@Injectable()
export class ExportBundle {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tables: AuditLogTables,
    private readonly clock: Clock,
  ) {}

  /** Of one organisation, or with `undefined` of the whole installation. Raises `audit/no_checkpoint` and `audit/unknown_checkpoint`. */
  async run(organisationId: OrganisationId | undefined, query: BundleQuery): Promise<string> {
    const [head, since] = await this.unitOfWork.asSystem(async (tx) => {
      const checkpoint = await newest(this.tables, tx);
      if (query.since !== undefined && query.since > checkpoint.size)
        throw invalidRequest([{ field: 'since', message: `must be at most ${checkpoint.size}` }]);
      return [checkpoint, query.since === undefined ? null : await checkpointOf(this.tables, tx, query.since)];
    });
    const entries = await this.entries(organisationId, query, head.size);
    return this.unitOfWork.asSystem(async (tx) => {
      const document = {
        checkpoint: head.note,
        entries: await this.proven(tx, entries, head.size),
        format: 'lethe-audit-bundle/1',
        scope: organisationId === undefined ? 'installation' : 'organisation',
        since: since && (await this.extension(tx, since, head.size)),
      };
      return `${canonicalJson(document)}\n`;
    });
  }

  private async entries(organisationId: OrganisationId | undefined, { from, limit }: BundleQuery, size: number): Promise<Entry[]> {
    const today = utcDay(this.clock.nowMs());
    if (organisationId !== undefined) {
      const page = { number: from ?? 1, size, today, limit };
      const events = await this.unitOfWork.forOrganisation(organisationId, (tx) =>
        this.tables.entries.ofOrganisation(tx, organisationId, page),
      );
      return unbroken(events).map((event) => ({ leafIndex: event.leafIndex, event }));
    }
    const first = Math.min(from ?? 0, size);
    const last = Math.min(first + limit, size);
    const events = await this.unitOfWork.asSystem((tx) => this.tables.entries.atLeaves(tx, first, last, today));
    const byLeaf = new Map(events.map((event) => [event.leafIndex, event]));
    return Array.from({ length: last - first }, (_, at) => ({ leafIndex: first + at, event: byLeaf.get(first + at) }));
  }

  private async proven(tx: Tx, entries: readonly Entry[], size: number): Promise<Json[]> {
    const wanted = entries.map(({ leafIndex }) => [{ from: leafIndex, to: leafIndex + 1 }, ...inclusionPath(leafIndex, size)]);
    const tree = new TileTree(await this.tables.tiles.read(tx, tilesOf(wanted.flat())));
    return entries.map(({ leafIndex, event }, at) => {
      const [leafHash, ...proof] = (wanted[at] ?? []).map((range) => tree.hashOf(range).toString('base64'));
      return { event: event ? loggedEvent(event) : null, leafHash: leafHash ?? '', leafIndex, proof };
    });
  }

  private async extension(tx: Tx, since: Checkpoint, size: number): Promise<Json> {
    const path = await hashesOf(this.tables, tx, consistencyPath(since.size, size));
    return { checkpoint: since.note, proof: path.map((hash) => hash.toString('base64')) };
  }
}

/** The events up to the first gap. Windows that were shortened can make later events expire first; the next bundle begins behind the gap. */
function unbroken(events: readonly PlacedEvent[]): readonly PlacedEvent[] {
  const gap = events.findIndex((event, at) => event.number !== (events[0]?.number ?? 0) + at);
  return gap === -1 ? events : events.slice(0, gap);
}
