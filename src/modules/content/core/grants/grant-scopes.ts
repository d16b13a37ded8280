import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ScopeOwner } from '../../../../contracts/scope-owner.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { GrantScope } from './grant-rules.js';

/** Checks that a grant covers something of the organisation that opens it: the gate finds grants by organisation, and calls in them by these ids. */
@Injectable()
export class GrantScopes {
  constructor(
    private readonly tenants: Tenants,
    private readonly discovery: DiscoveryService,
  ) {}

  /** Raises `tenants/organisation_not_found`, `tenants/project_not_found`, and `lethe/invalid_request` for what is not the organisation's own. */
  async require(tx: Tx, organisationId: OrganisationId, scope: GrantScope, scopeId: string): Promise<void> {
    await this.tenants.requireOrganisation(tx, organisationId);
    if (scope === 'project') return this.tenants.requireProject(tx, organisationId, scopeId as ProjectId);
    const isOwn = scope === 'key' ? await this.ownsKey(tx, organisationId, scopeId) : scopeId === organisationId;
    if (!isOwn) throw invalidRequest([{ field: 'scopeId', message: `must be the id of the organisation's own ${scope}` }]);
  }

  private async ownsKey(tx: Tx, organisationId: OrganisationId, id: string): Promise<boolean> {
    const owners = this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof ScopeOwner ? [instance] : []));
    return (await owners.find((owner) => owner.scope === 'key')?.owns(tx, organisationId, id)) === true;
  }
}
