import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { AppError } from '../../../../kernel/errors.js';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { RECENT_PROOF_MS } from '../../../../platform/http/access.guard.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal, OperatorPrincipal } from '../../../../platform/http/principal.js';
import { STAFF_PERMISSIONS } from '../../../../platform/http/staff-roles.js';
import { authErrors } from '../../auth.errors.js';
import { BreakGlassGrantsRepository } from '../../data/break-glass-grants.repository.js';
import { type CurrentDuty, DutiesRepository } from '../../data/duties.repository.js';

const RETRY_AFTER_SECONDS = 2;

/** An operator who acts, and whose data is open to them by a grant. */
export interface ActingOperator {
  readonly principal: OperatorPrincipal;
  readonly grants: ReadonlyMap<OrganisationId, BreakGlassId>;
}

/**
 * Whom a session acts as. Read from the database at every request, so that a duty that ended, an operator who was disabled or demoted and a
 * grant that was closed hold on every replica from the next request on.
 */
@Injectable()
export class OperatorSessions {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly duties: DutiesRepository,
    private readonly grants: BreakGlassGrantsRepository,
    private readonly clock: Clock,
  ) {}

  /** Null while the session is not on duty. Raises `auth/unavailable`. */
  async current(account: AccountPrincipal): Promise<ActingOperator | null> {
    const { sessionId, secondFactorAtMs } = account;
    if (secondFactorAtMs === null) return null;
    try {
      return await this.unitOfWork.asSystem(async (tx) => {
        const now = this.clock.now();
        const duty = await this.duties.current(tx, { sessionId, accountId: account.id }, now);
        if (duty === null) return null;
        const open = await this.grants.openOf(tx, duty.operatorId, now);
        const grants = new Map(open.map(({ organisationId, id }) => [organisationId, id]));
        return { principal: principalOf(duty, { sessionId, secondFactorAtMs }, grants), grants };
      });
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw authErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    }
  }

  /** For a dangerous act: a person on duty must have shown a second factor a moment ago. A token proves itself with every request. Raises `http/step_up_required`. */
  requireRecentFactor({ duty }: OperatorPrincipal): void {
    if (duty !== null && this.clock.nowMs() - duty.secondFactorAtMs > RECENT_PROOF_MS) throw httpErrors.step_up_required();
  }
}

function principalOf(
  { operatorId, role }: CurrentDuty,
  duty: NonNullable<OperatorPrincipal['duty']>,
  grants: ActingOperator['grants'],
): OperatorPrincipal {
  return { kind: 'operator', id: operatorId, permissions: STAFF_PERMISSIONS[role], reach: new Set(grants.keys()), duty };
}
