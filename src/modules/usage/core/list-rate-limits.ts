import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { RateLimitEntity, RateLimitId } from '../data/rate-limit.entity.js';
import { RateLimitsRepository } from '../data/rate-limits.repository.js';

/** The rate limits of an organisation, its projects and its keys, newest first. */
@Injectable()
export class ListRateLimits {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: RateLimitsRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Raises `tenants/organisation_not_found`. */
  run(
    organisationId: OrganisationId,
    page: { readonly before?: RateLimitId | undefined; readonly limit: number },
  ): Promise<RateLimitEntity[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.repository.list(tx, organisationId, page);
    });
  }
}
