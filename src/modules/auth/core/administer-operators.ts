import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { newId, type OperatorId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { type IssuedOperatorToken, OperatorAdministration } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import type { OperatorTokenId } from '../data/operator-token.entity.js';
import { OperatorsRepository } from '../data/operators.repository.js';
import { hashSecret, hintOf, issueSecret, OPERATOR_TOKEN_PREFIX } from './secret-format.js';

/** Operators and their tokens. There is no route to this: whoever runs the command line already holds the installation. */
@Injectable()
export class AdministerOperators extends OperatorAdministration {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operators: OperatorsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {
    super();
  }

  override hasOperators(): Promise<boolean> {
    return this.unitOfWork.asSystem((tx) => this.operators.exists(tx));
  }

  override createOperator(name: string, actor: AuditActor): Promise<IssuedOperatorToken> {
    const id = newId<OperatorId>();
    const now = this.clock.now();
    return this.unitOfWork.asSystem(async (tx) => {
      const isNew = await this.operators.insert(tx, { id, name, status: 'active', createdAt: now, updatedAt: now });
      if (!isNew) throw authErrors.operator_name_taken();
      await this.audit.record(tx, { actor, action: 'operator.created', organisationId: null, target: { type: 'operator', id } });
      return this.issue(tx, id, actor);
    });
  }

  override issueToken(name: string, actor: AuditActor): Promise<IssuedOperatorToken> {
    return this.unitOfWork.asSystem(async (tx) => this.issue(tx, await this.require(tx, name), actor));
  }

  override revokeTokens(name: string, actor: AuditActor): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => {
      const id = await this.require(tx, name);
      const count = await this.operators.revokeTokens(tx, id, this.clock.now());
      if (count === 0) return 0;
      const target = { type: 'operator', id };
      await this.audit.record(tx, { actor, action: 'operator_token.revoked', organisationId: null, target, detail: { count } });
      return count;
    });
  }

  private async require(tx: Tx, name: string): Promise<OperatorId> {
    const operator = await this.operators.findByName(tx, name);
    if (operator === null) throw authErrors.operator_not_found();
    return operator.id;
  }

  private async issue(tx: Tx, operatorId: OperatorId, actor: AuditActor): Promise<IssuedOperatorToken> {
    const token = issueSecret(OPERATOR_TOKEN_PREFIX);
    const id = newId<OperatorTokenId>();
    const createdAt = this.clock.now();
    const row = { id, operatorId, tokenHash: hashSecret(token), hint: hintOf(token), createdAt, expiresAt: null, revokedAt: null };
    await this.operators.insertToken(tx, row);
    const target = { type: 'operator_token', id };
    await this.audit.record(tx, { actor, action: 'operator_token.created', organisationId: null, target, detail: { operatorId } });
    return { operatorId, token };
  }
}
