import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { RateLimitEntity } from '../data/rate-limit.entity.js';
import { type RateLimitSubject, RateLimitsRepository } from '../data/rate-limits.repository.js';
import { usageErrors } from '../usage.errors.js';

/** Writes rate limits, each together with the audit row that tells of it. */
@Injectable()
export class AuditedRateLimits {
  constructor(
    private readonly repository: RateLimitsRepository,
    private readonly audit: AuditLog,
  ) {}

  async put(tx: Tx, actor: AuditActor, limit: RateLimitEntity): Promise<RateLimitEntity> {
    const { organisationId, scope, scopeId, requestsPerMinute, tokensPerMinute } = limit;
    const detail = { scope, requestsPerMinute, tokensPerMinute };
    await this.audit.record(tx, { actor, action: 'rate_limit.set', organisationId, target: { type: scope, id: scopeId }, detail });
    return this.repository.put(tx, limit);
  }

  /** Raises `usage/rate_limit_not_found`. */
  async remove(tx: Tx, actor: AuditActor, subject: RateLimitSubject): Promise<void> {
    if (!(await this.repository.delete(tx, subject))) throw usageErrors.rate_limit_not_found();
    const { organisationId, scope, scopeId } = subject;
    await this.audit.record(tx, {
      actor,
      action: 'rate_limit.deleted',
      organisationId,
      target: { type: scope, id: scopeId },
      detail: { scope },
    });
  }
}
