import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import { AuditedBlocks } from './audited-blocks.js';

const HOUR_MS = 3_600_000;

/** Lets a blocked key work again. What it was blocked for counts as expected for a while and does not block it again. */
@Injectable()
export class ReleaseKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly blocks: AuditedBlocks,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /**
   * Every replica accepts it within a second. A key that is not blocked stays as it is. Raises `auth/key_not_found`, `auth/key_revoked`, and
   * `auth/key_blocked_by_operator` to anybody else than an operator.
   */
  run(ref: ApiKeyRef, actor: AuditActor): Promise<ApiKeySummary> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const key = await this.blocks.require(tx, ref);
      if (key.blockedReason === 'operator' && actor.kind !== 'operator') throw authErrors.key_blocked_by_operator();
      const graceUntil = new Date(this.clock.nowMs() + this.settings.abuseGraceHours * HOUR_MS);
      return this.blocks.release(tx, key, graceUntil, actor);
    });
  }
}
