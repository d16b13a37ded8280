import { Injectable } from '@nestjs/common';
import type { OperatorId, OperatorTokenId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { authErrors } from '../../auth.errors.js';
import type { OperatorTokenEntity } from '../../data/operator-token.entity.js';
import type { OperatorEntity } from '../../data/operator.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

@Injectable()
export class ReadStaff {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operators: OperatorsRepository,
  ) {}

  /** In the order they were added, at most `limit`. */
  list(after: OperatorId | undefined, limit: number): Promise<OperatorEntity[]> {
    return this.unitOfWork.asSystem((tx) => this.operators.list(tx, after, limit));
  }

  /** Raises `auth/operator_not_found`. */
  read(id: OperatorId): Promise<OperatorEntity> {
    return this.unitOfWork.asSystem(async (tx) => {
      const operator = await this.operators.find(tx, id);
      if (operator === null) throw authErrors.operator_not_found();
      return operator;
    });
  }

  /** Newest first, revoked ones too, at most `limit`. Raises `auth/operator_not_found`. */
  listTokens(id: OperatorId, before: OperatorTokenId | undefined, limit: number): Promise<OperatorTokenEntity[]> {
    return this.unitOfWork.asSystem(async (tx) => {
      if ((await this.operators.find(tx, id)) === null) throw authErrors.operator_not_found();
      return this.operators.listTokens(tx, id, before, limit);
    });
  }
}
