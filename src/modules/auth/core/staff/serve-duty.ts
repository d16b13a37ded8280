import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import { type CurrentDuty, DutiesRepository } from '../../data/duties.repository.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

const MINUTE_MS = 60_000;
/** How long ago the second factor may have been shown. */
const STEP_UP_MS = 5 * MINUTE_MS;

/** Raises a session to operator duty, for some hours and by a second factor shown a moment ago, and lets it down again (A4). */
@Injectable()
export class ServeDuty {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly duties: DutiesRepository,
    private readonly operators: OperatorsRepository,
    private readonly audit: AuditLog,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/not_staff`, `auth/duty_needs_second_factor` and `http/step_up_required`. */
  begin(account: AccountPrincipal): Promise<CurrentDuty> {
    const { sessionId } = account;
    return this.unitOfWork.asSystem(async (tx) => {
      const operator = await this.operators.findActive(tx, account.id);
      if (operator === null) throw authErrors.not_staff();
      if (account.secondFactorAtMs === null) throw authErrors.duty_needs_second_factor();
      if (this.clock.nowMs() - account.secondFactorAtMs > STEP_UP_MS) throw httpErrors.step_up_required();
      const begunAt = this.clock.now();
      const endsAt = new Date(begunAt.getTime() + this.settings.dutyMinutes * MINUTE_MS);
      await this.duties.begin(tx, { sessionId, operatorId: operator.id, begunAt, endsAt });
      await this.audit.record(tx, {
        actor: { kind: 'operator', id: operator.id },
        action: 'operator_duty.begun',
        organisationId: null,
        target: { type: 'session', id: sessionId },
        detail: { accountId: account.id, role: operator.role, minutes: this.settings.dutyMinutes },
      });
      return { operatorId: operator.id, role: operator.role, begunAt, endsAt };
    });
  }

  /** Null while the session is not on duty. */
  read({ sessionId, id: accountId }: AccountPrincipal): Promise<CurrentDuty | null> {
    return this.unitOfWork.asSystem((tx) => this.duties.current(tx, { sessionId, accountId }, this.clock.now()));
  }

  /** Without a duty it changes nothing. */
  end({ sessionId, id: accountId }: AccountPrincipal): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      const duty = await this.duties.current(tx, { sessionId, accountId }, this.clock.now());
      if (!(await this.duties.end(tx, sessionId)) || duty === null) return;
      const actor = { kind: 'operator', id: duty.operatorId } as const;
      await this.audit.record(tx, {
        actor,
        action: 'operator_duty.ended',
        organisationId: null,
        target: { type: 'session', id: sessionId },
      });
    });
  }
}
