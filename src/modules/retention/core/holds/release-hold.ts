import { Injectable } from '@nestjs/common';
import type { LegalHoldId } from '../../../../contracts/legal-holds.js';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal } from '../../../../platform/http/principal.js';
import type { LegalHoldEntity } from '../../data/legal-hold.entity.js';
import { retentionErrors } from '../../retention.errors.js';
import { AuditedHolds } from './audited-holds.js';

type Operator = Pick<OperatorPrincipal, 'kind' | 'id'>;

/** Ends legal holds with four eyes: one operator asks for it, another one agrees (D5). The database refuses the same one twice. */
@Injectable()
export class ReleaseHold {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly holds: AuditedHolds,
    private readonly clock: Clock,
  ) {}

  /** Asks for the release. Raises `retention/hold_not_found`, `retention/hold_released`, `retention/release_requested`. */
  request(id: LegalHoldId, operator: Operator): Promise<LegalHoldEntity> {
    return this.unitOfWork.asSystem(async (tx) => {
      const hold = await this.holds.lock(tx, id);
      if (hold.releasedAt !== null) throw retentionErrors.hold_released();
      if (hold.releaseRequestedBy !== null) throw retentionErrors.release_requested();
      const releaseRequestedAt = this.clock.now();
      await this.holds.rows.requestRelease(tx, id, operator.id, releaseRequestedAt);
      await this.holds.record(tx, hold, 'release_requested', operator);
      return Object.assign(hold, { releaseRequestedBy: operator.id, releaseRequestedAt });
    });
  }

  /** Takes the request back, or turns it down. Raises `retention/hold_not_found`, `retention/hold_released`, `retention/release_not_requested`. */
  withdraw(id: LegalHoldId, operator: Operator): Promise<LegalHoldEntity> {
    return this.unitOfWork.asSystem(async (tx) => {
      const hold = this.requested(await this.holds.lock(tx, id));
      await this.holds.rows.requestRelease(tx, id, null, null);
      await this.holds.record(tx, hold, 'release_withdrawn', operator);
      return Object.assign(hold, { releaseRequestedBy: null, releaseRequestedAt: null });
    });
  }

  /**
   * Agrees: the hold is over, and what was due goes with the next round. Raises `retention/hold_not_found`, `retention/hold_released`,
   * `retention/release_not_requested`, and `retention/four_eyes` for whoever asked.
   */
  approve(id: LegalHoldId, operator: Operator): Promise<LegalHoldEntity> {
    return this.unitOfWork.asSystem(async (tx) => {
      const hold = this.requested(await this.holds.lock(tx, id));
      if (hold.releaseRequestedBy === operator.id) throw retentionErrors.four_eyes();
      const releasedAt = this.clock.now();
      await this.holds.release(tx, hold, operator, releasedAt);
      return Object.assign(hold, { releasedBy: operator.id, releasedAt });
    });
  }

  private requested(hold: LegalHoldEntity): LegalHoldEntity {
    if (hold.releasedAt !== null) throw retentionErrors.hold_released();
    if (hold.releaseRequestedBy === null) throw retentionErrors.release_not_requested();
    return hold;
  }
}
