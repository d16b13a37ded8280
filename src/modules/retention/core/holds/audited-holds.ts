import { Injectable } from '@nestjs/common';
import { ErasureLedger } from '../../../../contracts/erasure-ledger.js';
import { HOLD_PLACED, type LegalHoldId } from '../../../../contracts/legal-holds.js';
import type { OperatorId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { LegalHoldsRepository } from '../../data/legal-holds.repository.js';
import { retentionErrors } from '../../retention.errors.js';
import { HOLD_RELEASED, placedDetail } from './replay-holds.js';

type HoldAction = 'placed' | 'release_requested' | 'release_withdrawn' | 'released' | 'emptied';

/** What was read of what a hold keeps, and in whose audit log that stands: an organisation's, or the installation's. */
export interface HoldReading {
  readonly hold: LegalHoldEntity;
  readonly organisationId: OrganisationId | null;
  readonly read: { readonly purpose: string; readonly table: string | null; readonly rows: number; readonly isContinued: boolean };
}

/** Legal holds as they begin and end, each step with its row in the audit log of the organisation it names, or of the installation. */
@Injectable()
export class AuditedHolds {
  constructor(
    readonly rows: LegalHoldsRepository,
    private readonly audit: AuditLog,
    private readonly ledger: ErasureLedger,
  ) {}

  /** Nobody else changes it until the transaction ends. Raises `retention/hold_not_found`. */
  async lock(tx: Tx, id: LegalHoldId): Promise<LegalHoldEntity> {
    const hold = await this.rows.lock(tx, id);
    if (hold === null) throw retentionErrors.hold_not_found();
    return hold;
  }

  /** The hold is there, and stays there through a restore of an older database. */
  async place(tx: Tx, hold: LegalHoldEntity, actor: AuditActor): Promise<void> {
    await this.rows.add(tx, hold);
    await this.ledger.record(tx, { kind: HOLD_PLACED, subjectId: hold.id, detail: placedDetail(hold) });
    await this.record(tx, hold, 'placed', actor);
  }

  /** The hold is over, also after such a restore. */
  async release(tx: Tx, hold: LegalHoldEntity, actor: { readonly kind: 'operator'; readonly id: OperatorId }, at: Date): Promise<void> {
    await this.rows.release(tx, hold.id, actor.id, at);
    const detail = { requestedBy: hold.releaseRequestedBy, releasedBy: actor.id };
    await this.ledger.record(tx, { kind: HOLD_RELEASED, subjectId: hold.id, detail });
    await this.record(tx, hold, 'released', actor);
  }

  /** Somebody looks at rows that are kept. The organisation they belong to learns of it, also when the hold names an account alone. */
  async recordReading(tx: Tx, { hold, organisationId, read }: HoldReading, actor: AuditActor): Promise<void> {
    await this.audit.record(tx, {
      actor,
      action: 'legal_hold.read',
      organisationId,
      target: { type: 'legal_hold', id: hold.id },
      detail: { matter: hold.matter, reason: hold.reason, ...read },
    });
  }

  async record(tx: Tx, hold: LegalHoldEntity, action: HoldAction, actor: AuditActor): Promise<void> {
    await this.audit.record(tx, {
      actor,
      action: `legal_hold.${action}`,
      organisationId: hold.organisationId,
      target: { type: 'legal_hold', id: hold.id },
      detail: {
        matter: hold.matter,
        reason: hold.reason,
        dataClasses: hold.dataClasses,
        // An account's id tells who is meant to nobody but the operator.
        accountId: hold.accountId,
        from: hold.fromAt?.toISOString() ?? null,
        to: hold.toAt?.toISOString() ?? null,
      },
    });
  }
}
