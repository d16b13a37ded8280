import { Injectable } from '@nestjs/common';
import { ErasureReplayer, type RecordedErasure } from '../../../../contracts/erasure-ledger.js';
import type { WindowedClass } from '../../../../contracts/data-classes.js';
import { HOLD_PLACED, type LegalHoldId } from '../../../../contracts/legal-holds.js';
import type { AccountId, OperatorId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { HoldReason, LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { LegalHoldsRepository } from '../../data/legal-holds.repository.js';

/** What the erasure ledger calls the end of a hold. */
export const HOLD_RELEASED = 'legal_hold.released';

type Detail = RecordedErasure['detail'];

/** A hold as the ledger holds it: ids, enums and moments. */
export function placedDetail(hold: LegalHoldEntity): Detail {
  const { matter, reason, organisationId, accountId, dataClasses, placedBy } = hold;
  const moments = { fromAt: isoOf(hold.fromAt), toAt: isoOf(hold.toAt), placedAt: isoOf(hold.placedAt) };
  return { matter, reason, organisationId, accountId, dataClasses, placedBy, ...moments };
}

/** Places a hold again on a database from before it (D5): what was restored is held before the first purge. */
@Injectable()
export class ReplayPlacedHold extends ErasureReplayer {
  override readonly kind = HOLD_PLACED;

  constructor(private readonly holds: LegalHoldsRepository) {
    super();
  }

  override async replay(tx: Tx, { subjectId, detail }: RecordedErasure): Promise<void> {
    const id = subjectId as LegalHoldId;
    if ((await this.holds.find(tx, id)) !== null) return;
    await this.holds.add(tx, {
      id,
      matter: String(detail['matter']),
      reason: detail['reason'] as HoldReason,
      organisationId: detail['organisationId'] as OrganisationId | null,
      accountId: detail['accountId'] as AccountId | null,
      dataClasses: detail['dataClasses'] as WindowedClass[],
      fromAt: momentOf(detail['fromAt']),
      toAt: momentOf(detail['toAt']),
      placedBy: detail['placedBy'] as OperatorId,
      placedAt: momentOf(detail['placedAt']) ?? new Date(0),
      releaseRequestedBy: null,
      releaseRequestedAt: null,
      releasedBy: null,
      releasedAt: null,
      emptiedAt: null,
    });
  }
}

/** Releases a hold again on a database from before its release. */
@Injectable()
export class ReplayReleasedHold extends ErasureReplayer {
  override readonly kind = HOLD_RELEASED;

  constructor(private readonly holds: LegalHoldsRepository) {
    super();
  }

  override async replay(tx: Tx, { subjectId, detail, recordedAt }: RecordedErasure): Promise<void> {
    const id = subjectId as LegalHoldId;
    const hold = await this.holds.find(tx, id);
    if (hold === null || hold.releasedAt !== null) return;
    await this.holds.requestRelease(tx, id, detail['requestedBy'] as OperatorId, recordedAt);
    await this.holds.release(tx, id, detail['releasedBy'] as OperatorId, recordedAt);
  }
}

function isoOf(moment: Date | null): string | null {
  return moment?.toISOString() ?? null;
}

function momentOf(value: Detail[string] | undefined): Date | null {
  return typeof value === 'string' ? new Date(value) : null;
}
