import { Injectable } from '@nestjs/common';
import { columnKind, declaredTables } from '../../../../contracts/data-inventory.js';
import type { LegalHoldId } from '../../../../contracts/legal-holds.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal } from '../../../../platform/http/principal.js';
import { retentionErrors } from '../../retention.errors.js';
import { type HeldRow, type HeldRowPosition, HeldRowsRepository } from '../../data/held-rows.repository.js';
import { AuditedHolds } from './audited-holds.js';

/** What kept rows are read for: the closed list of C7, without the leave a customer gives to troubleshoot. */
export const HELD_ROW_PURPOSES = ['legal_request', 'data_subject_request', 'security_review'] as const;

export type HeldRowPurpose = (typeof HELD_ROW_PURPOSES)[number];

/** Which rows are read, and what for. */
export interface HeldRowsRequest {
  readonly holdId: LegalHoldId;
  readonly purpose: HeldRowPurpose;
  /** Only rows that name it; undefined: all that the hold has. */
  readonly organisationId: OrganisationId | undefined;
  /** Only rows of this table. */
  readonly table: string | undefined;
  readonly after: HeldRowPosition | undefined;
}

/** A kept row without what is secret or sealed. */
export interface DisclosedRow extends Omit<HeldRow, 'kept'> {
  /** Column → value, as JSON has it. */
  readonly columns: Readonly<Record<string, unknown>>;
  /** Columns that are not shown, by name. */
  readonly withheld: readonly string[];
}

/**
 * Reads what is kept aside for a legal hold (D5), for a purpose that is named. The reading is in the audit log of the organisation it is about before
 * anything is shown: its row commits with the look, and without it nothing is answered. Secrets and sealed content are left out: content is opened by its
 * own module alone (C7), and a hash of a credential is nobody's evidence.
 */
@Injectable()
export class ReadHeldRows {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly holds: AuditedHolds,
    private readonly rows: HeldRowsRepository,
  ) {}

  /** In the order of table and digest; one more than `limit` when there are more. Raises `retention/hold_not_found`. */
  run(operator: Pick<OperatorPrincipal, 'kind' | 'id'>, request: HeldRowsRequest, limit: number): Promise<DisclosedRow[]> {
    const { holdId, organisationId, table, purpose, after } = request;
    return this.unitOfWork.asSystem(async (tx) => {
      const hold = await this.holds.rows.find(tx, holdId);
      if (hold === null) throw retentionErrors.hold_not_found();
      const found = await this.rows.list(tx, { holdId, organisationId, table, after }, limit + 1);
      const read = { purpose, table: table ?? null, rows: Math.min(found.length, limit), isContinued: after !== undefined };
      await this.holds.recordReading(tx, { hold, organisationId: organisationId ?? hold.organisationId, read }, operator);
      return found.map(disclose);
    });
  }
}

/** What the inventory does not know any more, or does not say of, is withheld as what it calls secret is. */
function disclose({ kept, ...row }: HeldRow): DisclosedRow {
  const declaration = declaredTables().find(({ table }) => table === row.table);
  const columns: Record<string, unknown> = {};
  const withheld: string[] = [];
  for (const [column, value] of Object.entries(kept)) {
    const kind = declaration && columnKind(declaration, column);
    if (kind === undefined || kind === 'secret') withheld.push(column);
    else columns[column] = value;
  }
  return { ...row, columns, withheld: withheld.sort() };
}
