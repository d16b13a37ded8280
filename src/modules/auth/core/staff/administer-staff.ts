import { Injectable } from '@nestjs/common';
import type { AccountId, OperatorId, OperatorTokenId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../../platform/http/staff-roles.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { Operator, OperatorChange } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { OperatorTokenEntity } from '../../data/operator-token.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import type { NewOperatorToken } from './operator-tokens.js';
import { operatorOf } from './operator-view.js';
import { StaffDesk } from './staff-desk.js';

/** Staff by their ids, each change in a transaction of its own: what the routes under `/admin/v1/staff` do. */
@Injectable()
export class AdministerStaff {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operators: OperatorsRepository,
    private readonly desk: StaffDesk,
  ) {}

  add(name: string, role: StaffRole, actor: AuditActor): Promise<Operator> {
    return this.unitOfWork.asSystem(async (tx) => operatorOf(await this.desk.additions.run(tx, name, role, actor)));
  }

  change(id: OperatorId, change: OperatorChange, actor: AuditActor): Promise<Operator> {
    return this.unitOfWork.asSystem((tx) => this.desk.changes.run(tx, id, change, actor));
  }

  invite(id: OperatorId, actor: AuditActor): Promise<{ readonly invitation: string; readonly expiresAt: Date }> {
    return this.unitOfWork.asSystem((tx) => this.desk.invitations.invite(tx, id, actor));
  }

  accept(invitation: string, accountId: AccountId): Promise<Operator> {
    return this.unitOfWork.asSystem((tx) => this.desk.invitations.accept(tx, invitation, accountId));
  }

  unlink(id: OperatorId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.desk.invitations.unlink(tx, id, actor));
  }

  /** Raises `auth/operator_not_found` and `auth/operator_disabled`. */
  issueToken(
    id: OperatorId,
    token: NewOperatorToken,
    actor: AuditActor,
  ): Promise<{ readonly token: OperatorTokenEntity; readonly secret: string }> {
    return this.unitOfWork.asSystem(async (tx) => {
      const operator = await this.operators.find(tx, id);
      if (operator === null) throw authErrors.operator_not_found();
      if (operator.status !== 'active') throw authErrors.operator_disabled();
      return this.desk.tokens.issue(tx, id, token, actor);
    });
  }

  revokeToken(id: OperatorId, tokenId: OperatorTokenId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.desk.tokens.revoke(tx, id, tokenId, actor));
  }
}
