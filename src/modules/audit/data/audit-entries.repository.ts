import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AuditEventEntity } from './audit-event.entity.js';
import { EVENT_COLUMNS } from './audit-sequence.repository.js';

/** An event that is in the log and still kept. */
export interface PlacedEvent extends AuditEventEntity {
  readonly nonce: Buffer;
  readonly leafIndex: number;
  readonly number: number;
}

type RawEvent = Omit<PlacedEvent, 'leafIndex' | 'number'> & { readonly leafIndex: string; readonly number: string };

const PLACED = `SELECT ${EVENT_COLUMNS}, p.leaf_index AS "leafIndex", p.number
  FROM audit_position p JOIN audit_event e ON e.id = p.event_id AND e.expires_on = p.expires_on`;

/** Events together with their places in the log, for bundles. */
@Injectable()
export class AuditEntriesRepository {
  /** Events of one organisation from `number` on, among the first `size` leaves, not past `today`. */
  async ofOrganisation(
    tx: Tx,
    organisationId: OrganisationId,
    page: { readonly number: number; readonly size: number; readonly today: string; readonly limit: number },
  ): Promise<PlacedEvent[]> {
    const rows = await tx.query<RawEvent[]>(
      `${PLACED} WHERE p.organisation_id = $1 AND p.number >= $2 AND p.leaf_index < $3 AND p.expires_on >= $4 ORDER BY p.number LIMIT $5`,
      [organisationId, page.number, page.size, page.today, page.limit],
    );
    return rows.map(placed);
  }

  /** Whatever events are still kept at the leaves `from` to before `to`. */
  async atLeaves(tx: Tx, from: number, to: number, today: string): Promise<PlacedEvent[]> {
    const sql = `${PLACED} WHERE p.leaf_index >= $1 AND p.leaf_index < $2 AND p.expires_on >= $3 ORDER BY p.leaf_index`;
    return (await tx.query<RawEvent[]>(sql, [from, to, today])).map(placed);
  }
}

function placed(row: RawEvent): PlacedEvent {
  return { ...row, leafIndex: Number(row.leafIndex), number: Number(row.number) };
}
