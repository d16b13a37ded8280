import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { BreakGlassId, OperatorId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import { BreakGlassGrantsRepository } from '../../data/break-glass-grants.repository.js';
import { AuditedGrants } from './audited-grants.js';

const BATCH = 100;
/** Who closes what nobody closed. */
const TIME: AuditActor = { kind: 'system', id: 'break-glass' };

/** Ends break-glass grants. A grant past its end opens nothing, written down or not. */
@Injectable()
export class CloseBreakGlass {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: BreakGlassGrantsRepository,
    private readonly audited: AuditedGrants,
    private readonly clock: Clock,
  ) {}

  /** From the next request on. Closing a closed one changes nothing. Raises `auth/break_glass_not_found`. */
  run(id: BreakGlassId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.close(tx, id, actor));
  }

  /** All that an operator has open. */
  async closeAllOf(tx: Tx, operatorId: OperatorId, actor: AuditActor): Promise<void> {
    for (const { id } of await this.grants.openOf(tx, operatorId, this.clock.now())) await this.close(tx, id, actor);
  }

  /** Writes down what has closed itself, at most a hundred at a time, and answers how many there were. */
  closeOverdue(): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      const overdue = await this.grants.lockOverdue(tx, this.clock.now(), BATCH);
      for (const grant of overdue) await this.audited.end(tx, grant, grant.endsAt, TIME);
      return overdue.length;
    });
  }

  private async close(tx: Tx, id: BreakGlassId, actor: AuditActor): Promise<void> {
    const grant = await this.grants.lock(tx, id);
    if (grant === null) throw authErrors.break_glass_not_found();
    const now = this.clock.now();
    if (grant.closedAt === null && grant.endsAt > now) await this.audited.end(tx, grant, now, actor);
  }
}
