import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal, Reach } from '../../../platform/http/principal.js';
import { STAFF_PERMISSIONS } from '../../../platform/http/staff-roles.js';
import { authErrors } from '../auth.errors.js';
import { OperatorsRepository, type OperatorTokenRow } from '../data/operators.repository.js';
import { isIssuable, OPERATOR_TOKEN_PREFIX } from './secret-format.js';

/** A token shows no second factor, so it breaks no glass: what is an organisation's own is open to an administrator's only. */
const NOWHERE: Reach = new Set();
const RETRY_AFTER_SECONDS = 2;

/**
 * Turns an operator token into its principal. Asks the database every time: operators call seldom, and a token that was revoked is refused
 * from the next request on.
 */
@Injectable()
export class OperatorAuthenticator {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operators: OperatorsRepository,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/invalid_token`, `auth/expired_token`, `auth/revoked_token`, and `auth/unavailable` (503, never 401) without a database. */
  async authenticate(token: string): Promise<OperatorPrincipal> {
    if (!isIssuable(token, OPERATOR_TOKEN_PREFIX)) throw authErrors.invalid_token();
    const hash = hashSecret(token);
    const row = await this.read(hash);
    if (row === null || !timingSafeEqual(row.tokenHash, hash)) throw authErrors.invalid_token();
    if (row.revokedAt !== null || row.operatorStatus !== 'active') throw authErrors.revoked_token();
    if (row.expiresAt !== null && this.clock.nowMs() >= row.expiresAt.getTime()) throw authErrors.expired_token();
    const { operatorId: id, operatorRole: role } = row;
    return {
      kind: 'operator',
      id,
      permissions: STAFF_PERMISSIONS[role],
      reach: role === 'administrator' ? 'everywhere' : NOWHERE,
      duty: null,
    };
  }

  private async read(hash: Buffer): Promise<OperatorTokenRow | null> {
    try {
      return await this.unitOfWork.asSystem((tx) => this.operators.findToken(tx, hash));
    } catch (cause) {
      throw authErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    }
  }
}
