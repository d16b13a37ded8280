import { Injectable } from '@nestjs/common';
import type { OperatorId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { Permission } from '../../../../platform/http/permissions.js';
import { STAFF_PERMISSIONS } from '../../../../platform/http/staff-roles.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { BreakGlassGrantsRepository } from '../../data/break-glass-grants.repository.js';
import type { OperatorEntity } from '../../data/operator.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

const BREAK_GLASS = 'break_glass:write' satisfies Permission;

/** Break-glass grants as they begin and end, each with its row in the organisation's own audit log. */
@Injectable()
export class AuditedGrants {
  constructor(
    private readonly grants: BreakGlassGrantsRepository,
    private readonly operators: OperatorsRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * What an operator has open. Holds their row until the transaction ends, so that of two requests at once the second finds the first one's grant, and
   * that whoever is disabled, unlinked or demoted at the same moment opens none. Raises `http/forbidden` for them.
   */
  async lockOpenOf(tx: Tx, operatorId: OperatorId, at: Date): Promise<BreakGlassGrantEntity[]> {
    const operator = await this.operators.lock(tx, operatorId);
    if (operator === null || !mayBreakGlass(operator)) throw httpErrors.forbidden({ details: { permission: BREAK_GLASS } });
    return this.grants.openOf(tx, operatorId, at);
  }

  async open(tx: Tx, grant: BreakGlassGrantEntity, actor: AuditActor): Promise<void> {
    const { id, organisationId, reason, ticket, openedAt, endsAt } = grant;
    await this.grants.insert(tx, grant);
    await this.audit.record(tx, {
      actor,
      action: 'break_glass.opened',
      organisationId,
      target: { type: 'break_glass', id },
      detail: { reason, ticket, minutes: (endsAt.getTime() - openedAt.getTime()) / 60_000 },
    });
  }

  async end(tx: Tx, grant: BreakGlassGrantEntity, closedAt: Date, actor: AuditActor): Promise<void> {
    const { id, organisationId, operatorId } = grant;
    const closedBy = actor.kind === 'operator' ? (actor.id as OperatorId) : null;
    await this.grants.close(tx, id, closedAt, closedBy);
    await this.audit.record(tx, {
      actor,
      action: 'break_glass.closed',
      organisationId,
      target: { type: 'break_glass', id },
      detail: { operatorId, early: closedAt < grant.endsAt },
    });
  }
}

function mayBreakGlass({ status, accountId, role }: OperatorEntity): boolean {
  return status === 'active' && accountId !== null && STAFF_PERMISSIONS[role].has(BREAK_GLASS);
}
