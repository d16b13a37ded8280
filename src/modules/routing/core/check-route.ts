import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { CredentialAdministration } from '../../credentials/credentials.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { type RouteDefinition, requireCredentials } from './route-rules.js';

/** Whether what a route refers to is there and belongs to its organisation. */
@Injectable()
export class CheckRoute {
  constructor(
    private readonly tenants: Tenants,
    private readonly credentials: CredentialAdministration,
  ) {}

  /** Raises `tenants/organisation_not_found`, `tenants/project_not_found`, and a 400 that names each target without a credential. */
  async run(tx: Tx, organisationId: OrganisationId, { projectId, targets }: RouteDefinition): Promise<void> {
    await this.tenants.requireOrganisation(tx, organisationId);
    if (projectId !== null) await this.tenants.requireProject(tx, organisationId, projectId);
    const ids = targets.map((target) => target.credentialId);
    requireCredentials(targets, await this.credentials.existing(tx, organisationId, ids));
  }
}
