import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { RateLimitEntity } from '../data/rate-limit.entity.js';
import { AuditedRateLimits } from './audited-rate-limits.js';
import { LimitScopes, type LimitTarget } from './limit-scopes.js';

/** Rates per minute; null for none. */
export type Rates = Pick<RateLimitEntity, 'requestsPerMinute' | 'tokensPerMinute'>;

/** Puts a rate limit on an organisation, a project or a key, in place of the one it had. Every replica heeds it within a second. */
@Injectable()
export class SetRateLimit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly scopes: LimitScopes,
    private readonly limits: AuditedRateLimits,
    private readonly clock: Clock,
  ) {}

  /** Raises what {@link LimitScopes.require} does, and a 400 when neither rate is given. */
  run(actor: AuditActor, target: LimitTarget, { requestsPerMinute, tokensPerMinute }: Rates): Promise<RateLimitEntity> {
    if (requestsPerMinute === null && tokensPerMinute === null) {
      throw invalidRequest([
        { field: 'body', message: 'must limit requestsPerMinute or tokensPerMinute; delete the rate limit to lift both' },
      ]);
    }
    const now = this.clock.now();
    return this.unitOfWork.forOrganisation(target.organisationId, async (tx) => {
      await this.scopes.require(tx, target);
      const { organisationId, scope, scopeId } = target;
      return this.limits.put(tx, actor, {
        id: newId(),
        organisationId,
        scope,
        scopeId,
        requestsPerMinute,
        tokensPerMinute,
        createdAt: now,
        updatedAt: now,
      });
    });
  }
}
