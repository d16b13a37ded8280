import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AuditEventEntity } from './audit-event.entity.js';

/** Stands for the installation itself where an organisation's id would stand. */
const NIL = '00000000-0000-0000-0000-000000000000';

/** The snapshot that sees nothing. */
export const NOTHING_SEEN = '1:1:';

/** How far the log is. Snapshots and transaction numbers are Postgres' own, in text. */
export interface TreeState {
  readonly size: number;
  /** Events of transactions that this snapshot sees are all in the tree. */
  readonly seen: string;
  /** A snapshot taken now. */
  readonly now: string;
}

/** A committed event that may not be in the tree yet. */
export interface PendingEvent extends AuditEventEntity {
  readonly nonce: Buffer;
  /** The transaction that recorded it. */
  readonly recordedIn: string;
}

/** Where to go on reading: behind this event. */
export type PendingCursor = Pick<PendingEvent, 'recordedIn' | 'id'>;

/** An event's place in the log. */
export interface AuditPosition {
  readonly eventId: string;
  readonly expiresOn: string;
  readonly organisationId: OrganisationId | null;
  readonly leafIndex: number;
  readonly number: number;
}

/** What every query of events with their nonce selects. */
export const EVENT_COLUMNS = `e.id, e.expires_on::text AS "expiresOn", e.occurred_at AS "occurredAt", e.organisation_id AS "organisationId",
  e.actor_kind AS "actorKind", e.actor_id AS "actorId", e.action, e.target_type AS "targetType", e.target_id AS "targetId", e.detail, e.nonce`;

/** What the sequencer reads and writes beside the tree's tiles. */
@Injectable()
export class AuditSequenceRepository {
  /**
   * Takes the log for this transaction: whoever else adds to it waits. After a restore on another server transaction numbers have no
   * meaning; then `seen` is the snapshot that sees nothing, and every event is looked at again.
   */
  async lock(tx: Tx): Promise<TreeState> {
    const [row] = await tx.query<{ size: string; seen: string; now: string; moved: boolean }[]>(
      `SELECT size, seen::text, pg_current_snapshot()::text AS now,
         cluster <> (SELECT system_identifier FROM pg_control_system()) OR pg_snapshot_xmax(seen) > pg_snapshot_xmax(pg_current_snapshot()) AS moved
       FROM audit_tree FOR UPDATE`,
    );
    const { size, seen, now, moved } = present(row, 'the row of audit_tree');
    return { size: Number(size), seen: moved ? NOTHING_SEEN : seen, now };
  }

  /**
   * Events of transactions that `seen` does not see, in the order of their transactions, at most `limit`. A transaction that was open when
   * `seen` was taken is among them however much later it commits, whatever numbers others got meanwhile.
   */
  async pending(tx: Tx, seen: string, after: PendingCursor | undefined, limit: number): Promise<PendingEvent[]> {
    return tx.query<PendingEvent[]>(
      `SELECT ${EVENT_COLUMNS}, e.recorded_in::text AS "recordedIn"
       FROM pending_audit_events($1::pg_snapshot, coalesce($2::xid8, pg_snapshot_xmin($1::pg_snapshot)), $3, $4) e
       ORDER BY e.recorded_in, e.id`,
      [seen, after?.recordedIn ?? null, after?.id ?? NIL, limit],
    );
  }

  /** Which of these events have a place already. */
  async positioned(tx: Tx, events: readonly PendingEvent[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ id: string }[]>(
      'SELECT event_id AS id FROM audit_position WHERE expires_on = ANY ($1::date[]) AND event_id = ANY ($2::uuid[])',
      [daysOf(events), events.map(({ id }) => id)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Makes the partitions that the places of these events go to. Maintenance has made them ahead, save for events older than the log. */
  async makePartitions(tx: Tx, events: readonly PendingEvent[]): Promise<void> {
    await tx.query(`SELECT create_expiry_partition('audit_position', day) FROM unnest($1::date[]) AS day`, [daysOf(events)]);
  }

  /** Counts further events of organisations and answers how many each had before. */
  async count(tx: Tx, added: ReadonlyMap<OrganisationId | null, number>): Promise<ReadonlyMap<OrganisationId | null, number>> {
    const rows = await tx.query<{ id: string; before: string }[]>(
      `INSERT INTO audit_count AS c (organisation_id, events) SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS added (id, events)
       ON CONFLICT (organisation_id) DO UPDATE SET events = c.events + excluded.events
       RETURNING organisation_id AS id, events AS before`,
      [[...added.keys()].map((id) => id ?? NIL), [...added.values()]],
    );
    return new Map(
      rows.map(({ id, before }) => {
        const organisationId = id === NIL ? null : (id as OrganisationId);
        return [organisationId, Number(before) - (added.get(organisationId) ?? 0)];
      }),
    );
  }

  async place(tx: Tx, positions: readonly AuditPosition[]): Promise<void> {
    await tx.query(
      `INSERT INTO audit_position (event_id, expires_on, organisation_id, leaf_index, number)
       SELECT * FROM unnest($1::uuid[], $2::date[], $3::uuid[], $4::bigint[], $5::bigint[])`,
      [
        positions.map(({ eventId }) => eventId),
        positions.map(({ expiresOn }) => expiresOn),
        positions.map(({ organisationId }) => organisationId),
        positions.map(({ leafIndex }) => leafIndex),
        positions.map(({ number }) => number),
      ],
    );
  }

  async grow(tx: Tx, size: number): Promise<void> {
    await tx.query('UPDATE audit_tree SET size = $1', [size]);
  }

  /** Everything that `snapshot` sees is in the tree. */
  async caughtUp(tx: Tx, snapshot: string): Promise<void> {
    await tx.query('UPDATE audit_tree SET seen = $1::pg_snapshot, cluster = (SELECT system_identifier FROM pg_control_system())', [
      snapshot,
    ]);
  }

  /** How many leaves the tree has. */
  async size(tx: Tx): Promise<number> {
    const [row] = await tx.query<{ size: string }[]>('SELECT size FROM audit_tree');
    return Number(row?.size);
  }

  /** When the oldest event happened that has no place below `size`; null when there is none. */
  async oldestUncovered(tx: Tx, size: number): Promise<Date | null> {
    const [row] = await tx.query<{ at: Date | null }[]>(
      `SELECT least(
         (SELECT min(e.occurred_at) FROM audit_position p JOIN audit_event e ON e.id = p.event_id AND e.expires_on = p.expires_on
          WHERE p.leaf_index >= $1),
         (SELECT min(e.occurred_at) FROM audit_event e, audit_tree t
          WHERE e.recorded_in >= pg_snapshot_xmin(t.seen) AND NOT pg_visible_in_snapshot(e.recorded_in, t.seen)
            AND NOT EXISTS (SELECT FROM audit_position p WHERE p.event_id = e.id AND p.expires_on = e.expires_on))
       ) AS at`,
      [size],
    );
    return row?.at ?? null;
  }
}

function daysOf(events: readonly PendingEvent[]): string[] {
  return [...new Set(events.map(({ expiresOn }) => expiresOn))];
}
