import { Injectable } from '@nestjs/common';
import type { OperatorId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../platform/http/staff-roles.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { type IssuedOperatorToken, type Operator, OperatorAdministration, type OperatorChange } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import { OperatorsRepository } from '../data/operators.repository.js';
import { operatorOf } from './staff/operator-view.js';
import { StaffDesk } from './staff/staff-desk.js';

const PAGE = 200;

/** Staff by their names, for whoever runs the command line: they already hold the installation. */
@Injectable()
export class AdministerOperators extends OperatorAdministration {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operators: OperatorsRepository,
    private readonly desk: StaffDesk,
  ) {
    super();
  }

  override hasOperators(): Promise<boolean> {
    return this.unitOfWork.asSystem((tx) => this.operators.exists(tx));
  }

  override listOperators(): Promise<readonly Operator[]> {
    return this.unitOfWork.asSystem(async (tx) => {
      const all: Operator[] = [];
      for (;;) {
        const page = await this.operators.list(tx, all.at(-1)?.id, PAGE);
        all.push(...page.map(operatorOf));
        if (page.length < PAGE) return all;
      }
    });
  }

  override addOperator(name: string, role: StaffRole, actor: AuditActor): Promise<Operator> {
    return this.unitOfWork.asSystem(async (tx) => operatorOf(await this.desk.additions.run(tx, name, role, actor)));
  }

  override createOperator(name: string, actor: AuditActor): Promise<IssuedOperatorToken> {
    return this.unitOfWork.asSystem(async (tx) => {
      const { id } = await this.desk.additions.run(tx, name, 'administrator', actor);
      return this.issue(tx, id, null, actor);
    });
  }

  override changeOperator(name: string, change: OperatorChange, actor: AuditActor): Promise<Operator> {
    return this.unitOfWork.asSystem(async (tx) => this.desk.changes.run(tx, await this.require(tx, name), change, actor));
  }

  override inviteOperator(name: string, actor: AuditActor): Promise<{ readonly invitation: string; readonly expiresAt: Date }> {
    return this.unitOfWork.asSystem(async (tx) => this.desk.invitations.invite(tx, await this.require(tx, name), actor));
  }

  override issueToken(name: string, actor: AuditActor, expiresAt: Date | null = null): Promise<IssuedOperatorToken> {
    return this.unitOfWork.asSystem(async (tx) => this.issue(tx, await this.require(tx, name), expiresAt, actor));
  }

  override revokeTokens(name: string, actor: AuditActor): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => this.desk.tokens.revokeAll(tx, await this.require(tx, name), actor));
  }

  private async require(tx: Tx, name: string): Promise<OperatorId> {
    const operator = await this.operators.findByName(tx, name);
    if (operator === null) throw authErrors.operator_not_found();
    return operator.id;
  }

  private async issue(tx: Tx, operatorId: OperatorId, expiresAt: Date | null, actor: AuditActor): Promise<IssuedOperatorToken> {
    const { secret } = await this.desk.tokens.issue(tx, operatorId, { name: 'command line', expiresAt }, actor);
    return { operatorId, token: secret };
  }
}
