import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { BreakGlassId, OperatorId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { BreakGlassGrantsRepository } from '../../data/break-glass-grants.repository.js';

const BATCH = 100;
/** Who closes what nobody closed. */
const TIME: AuditActor = { kind: 'system', id: 'break-glass' };

/** Ends break-glass grants. A grant past its end opens nothing, written down or not. */
@Injectable()
export class CloseBreakGlass {
  constructor(
    private readonly grants: BreakGlassGrantsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** From the next request on. Closing a closed one changes nothing. Raises `auth/break_glass_not_found`. */
  async close(tx: Tx, id: BreakGlassId, actor: AuditActor): Promise<BreakGlassGrantEntity> {
    const grant = await this.grants.lock(tx, id);
    if (grant === null) throw authErrors.break_glass_not_found();
    if (grant.closedAt !== null || grant.endsAt <= this.clock.now()) return grant;
    return this.end(tx, grant, this.clock.now(), actor);
  }

  /** All that an operator has open. */
  async closeAllOf(tx: Tx, operatorId: OperatorId, actor: AuditActor): Promise<void> {
    for (const { id } of await this.grants.openOf(tx, operatorId, this.clock.now())) await this.close(tx, id, actor);
  }

  /** Writes down what has closed itself, at most a hundred at a time, and answers how many there were. */
  async closeOverdue(tx: Tx): Promise<number> {
    const overdue = await this.grants.lockOverdue(tx, this.clock.now(), BATCH);
    for (const grant of overdue) await this.end(tx, grant, grant.endsAt, TIME);
    return overdue.length;
  }

  private async end(tx: Tx, grant: BreakGlassGrantEntity, closedAt: Date, actor: AuditActor): Promise<BreakGlassGrantEntity> {
    const { id, organisationId, operatorId } = grant;
    const closedBy = actor.kind === 'operator' ? (actor.id as OperatorId) : null;
    await this.grants.close(tx, id, closedAt, closedBy);
    const target = { type: 'break_glass', id };
    const detail = { operatorId, early: closedAt < grant.endsAt };
    await this.audit.record(tx, { actor, action: 'break_glass.closed', organisationId, target, detail });
    return { ...grant, closedAt, closedBy };
  }
}
