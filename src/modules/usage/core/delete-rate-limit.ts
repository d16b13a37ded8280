import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { RateLimitSubject } from '../data/rate-limits.repository.js';
import { AuditedRateLimits } from './audited-rate-limits.js';

/** Lifts a rate limit. Works for a project or key that is gone, too. */
@Injectable()
export class DeleteRateLimit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: AuditedRateLimits,
  ) {}

  /** Raises `usage/rate_limit_not_found`. */
  run(actor: AuditActor, subject: RateLimitSubject): Promise<void> {
    return this.unitOfWork.forOrganisation(subject.organisationId, (tx) => this.limits.remove(tx, actor, subject));
  }
}
