import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { newId, type OperatorId, type OperatorTokenId } from '../../../../kernel/ids.js';
import { hashSecret } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { OperatorTokenEntity } from '../../data/operator-token.entity.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import { hintOf, issueSecret, OPERATOR_TOKEN_PREFIX } from '../secret-format.js';

/** What a token is to be. `expiresAt` null: until it is revoked. */
export interface NewOperatorToken {
  readonly name: string;
  readonly expiresAt: Date | null;
}

/** Tokens of operators, in the caller's transaction and with their audit rows. */
@Injectable()
export class OperatorTokens {
  constructor(
    private readonly operators: OperatorsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** `secret` is kept as its hash only. Raises `lethe/invalid_request` for an expiry in the past. */
  async issue(
    tx: Tx,
    operatorId: OperatorId,
    { name, expiresAt }: NewOperatorToken,
    actor: AuditActor,
  ): Promise<{ readonly token: OperatorTokenEntity; readonly secret: string }> {
    const createdAt = this.clock.now();
    if (expiresAt !== null && expiresAt <= createdAt) throw invalidRequest([{ field: 'expiresAt', message: 'must be in the future' }]);
    const secret = issueSecret(OPERATOR_TOKEN_PREFIX);
    const id = newId<OperatorTokenId>();
    const token = { id, operatorId, name, tokenHash: hashSecret(secret), hint: hintOf(secret), createdAt, expiresAt, revokedAt: null };
    await this.operators.insertToken(tx, token);
    const detail = { operatorId, expiresAt: expiresAt?.toISOString() ?? null };
    await this.audit.record(tx, {
      actor,
      action: 'operator_token.created',
      organisationId: null,
      target: { type: 'operator_token', id },
      detail,
    });
    return { token, secret };
  }

  /** Revoking twice changes nothing and is recorded once. Raises `auth/operator_token_not_found`. */
  async revoke(tx: Tx, operatorId: OperatorId, id: OperatorTokenId, actor: AuditActor): Promise<void> {
    if ((await this.operators.findTokenOf(tx, operatorId, id)) === null) throw authErrors.operator_token_not_found();
    if (!(await this.operators.revokeToken(tx, id, this.clock.now()))) return;
    const target = { type: 'operator_token', id };
    await this.audit.record(tx, { actor, action: 'operator_token.revoked', organisationId: null, target, detail: { operatorId } });
  }

  /** Revokes all of an operator's and answers how many there were. */
  async revokeAll(tx: Tx, operatorId: OperatorId, actor: AuditActor): Promise<number> {
    const count = await this.operators.revokeTokens(tx, operatorId, this.clock.now());
    if (count === 0) return 0;
    const target = { type: 'operator', id: operatorId };
    await this.audit.record(tx, { actor, action: 'operator_token.revoked', organisationId: null, target, detail: { count } });
    return count;
  }
}
