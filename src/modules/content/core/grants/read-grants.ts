import { Injectable } from '@nestjs/common';
import type { OrganisationId, TroubleshootingGrantId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';

/** Shows an organisation's troubleshooting grants, open and closed. */
@Injectable()
export class ReadGrants {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: TroubleshootingGrantsRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Newest first. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, before: TroubleshootingGrantId | undefined, limit: number): Promise<TroubleshootingGrantRow[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.grants.list(tx, organisationId, before, limit);
    });
  }
}
