import { Injectable } from '@nestjs/common';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { ApiKeySummary } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';

/** API keys as they may be shown. */
@Injectable()
export class ReadKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeysRepository,
    private readonly tenants: Tenants,
  ) {}

  /** In the order they were made. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, after: ApiKeyId | undefined, limit: number): Promise<readonly ApiKeySummary[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.keys.list(tx, organisationId, after, limit);
    });
  }

  /** Raises `auth/key_not_found`. */
  async one(organisationId: OrganisationId, id: ApiKeyId): Promise<ApiKeySummary> {
    const key = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.keys.find(tx, organisationId, id));
    if (key === null) throw authErrors.key_not_found();
    return key;
  }
}
