import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { newId, type OperatorId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../../platform/http/staff-roles.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { OperatorEntity } from '../../data/operator.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

/** Adds a named member of staff: without a token and without an account, so that nobody can act as them yet. */
@Injectable()
export class AddOperator {
  constructor(
    private readonly operators: OperatorsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/operator_name_taken`. */
  async run(tx: Tx, name: string, role: StaffRole, actor: AuditActor): Promise<OperatorEntity> {
    const now = this.clock.now();
    const id = newId<OperatorId>();
    const nobody = { accountId: null, invitationHash: null, invitedUntil: null };
    const operator: OperatorEntity = { id, name, role, status: 'active', ...nobody, createdAt: now, updatedAt: now };
    if (!(await this.operators.insert(tx, operator))) throw authErrors.operator_name_taken();
    await this.audit.record(tx, {
      actor,
      action: 'operator.created',
      organisationId: null,
      target: { type: 'operator', id },
      detail: { role },
    });
    return operator;
  }
}
