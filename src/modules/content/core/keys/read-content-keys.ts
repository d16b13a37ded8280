import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { ContentKeyFacts } from '../../data/content-key.entity.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';

/** Shows the versions of an organisation's content key, never a key. */
@Injectable()
export class ReadContentKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ContentKeysRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Newest first. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId): Promise<ContentKeyFacts[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.keys.list(tx, organisationId);
    });
  }
}
