import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { authErrors } from '../../auth.errors.js';
import type { CurrentDuty } from '../../data/duties.repository.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import { AuditedDuties } from './audited-duties.js';
import { DutyRules } from './duty-rules.js';

/** Raises a session to operator duty, for some hours and by a second factor shown a moment ago, and lets it down again (A4). */
@Injectable()
export class ServeDuty {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly duties: AuditedDuties,
    private readonly operators: OperatorsRepository,
    private readonly rules: DutyRules,
  ) {}

  /** Raises `auth/not_staff`, `auth/duty_needs_second_factor` and `http/step_up_required`. */
  begin(account: AccountPrincipal): Promise<CurrentDuty> {
    return this.unitOfWork.asSystem(async (tx) => {
      const operator = await this.operators.holdActive(tx, account.id);
      if (operator === null) throw authErrors.not_staff();
      this.rules.requireFreshFactor(account);
      return this.duties.begin(tx, account, operator, this.rules.span());
    });
  }

  /** Null while the session is not on duty. */
  read(account: AccountPrincipal): Promise<CurrentDuty | null> {
    return this.unitOfWork.asSystem((tx) => this.duties.current(tx, account, this.rules.now()));
  }

  /** Without a duty it changes nothing. */
  end(account: AccountPrincipal): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.duties.end(tx, account, this.rules.now()));
  }
}
