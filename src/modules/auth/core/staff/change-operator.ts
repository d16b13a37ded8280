import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OperatorId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { STAFF_PERMISSIONS } from '../../../../platform/http/staff-roles.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { Operator, OperatorChange } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import { operatorOf } from './operator-view.js';
import { StandDown } from './stand-down.js';

const CHANGEABLE = ['name', 'role', 'status'] as const satisfies readonly (keyof Operator)[];

/** Renames, promotes, demotes, disables and enables a member of staff. All of it holds from their next request on. */
@Injectable()
export class ChangeOperator {
  constructor(
    private readonly operators: OperatorsRepository,
    private readonly standDown: StandDown,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/operator_not_found`, `auth/operator_name_taken`, and `auth/last_administrator` when nobody else could administer. */
  async run(tx: Tx, id: OperatorId, change: OperatorChange, actor: AuditActor): Promise<Operator> {
    await this.operators.lockAll(tx);
    const row = await this.operators.find(tx, id);
    if (row === null) throw authErrors.operator_not_found();
    const before = operatorOf(row);
    const after = {
      ...before,
      name: change.name ?? before.name,
      role: change.role ?? before.role,
      status: change.status ?? before.status,
      updatedAt: this.clock.now(),
    };
    const fields = CHANGEABLE.filter((field) => before[field] !== after[field]);
    if (fields.length === 0) return before;
    if (fields.includes('name') && (await this.operators.findByName(tx, after.name)) !== null) throw authErrors.operator_name_taken();
    if (isAdministrator(before) && !isAdministrator(after)) await this.requireAnother(tx, id);
    const { name, role, status, updatedAt } = after;
    await this.operators.update(tx, id, { name, role, status, updatedAt });
    const target = { type: 'operator', id };
    await this.audit.record(tx, { actor, action: 'operator.changed', organisationId: null, target, detail: { fields, role, status } });
    // Who is enabled again begins anew, but for their tokens, which work again.
    if (before.status === 'active' && status === 'disabled') await this.standDown.run(tx, id, actor);
    else if (fields.includes('role') && !STAFF_PERMISSIONS[role].has('break_glass:write')) await this.standDown.closeGrants(tx, id, actor);
    return after;
  }

  private async requireAnother(tx: Tx, id: OperatorId): Promise<void> {
    if ((await this.operators.countOtherAdministrators(tx, id)) === 0) throw authErrors.last_administrator();
  }
}

function isAdministrator({ role, status }: Pick<Operator, 'role' | 'status'>): boolean {
  return role === 'administrator' && status === 'active';
}
