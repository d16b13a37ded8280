import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ScopeOwner } from '../../../contracts/scope-owner.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { usageErrors } from '../usage.errors.js';
import type { LimitScope } from './limit-book.js';

/** What a limit is put on. */
export interface LimitTarget {
  readonly organisationId: OrganisationId;
  readonly scope: LimitScope;
  /** The organisation's, the project's or the key's id. */
  readonly scopeId: string;
}

/**
 * Checks that a limit is put on something of the organisation that sets it. The request path finds limits by `scopeId` alone, so this is
 * what keeps one tenant from limiting another (A3).
 */
@Injectable()
export class LimitScopes {
  constructor(
    private readonly tenants: Tenants,
    private readonly discovery: DiscoveryService,
  ) {}

  /** Raises `tenants/organisation_not_found`, `tenants/project_not_found` and `usage/scope_not_found`. */
  async require(tx: Tx, { organisationId, scope, scopeId }: LimitTarget): Promise<void> {
    await this.tenants.requireOrganisation(tx, organisationId);
    switch (scope) {
      case 'organisation':
        if (scopeId !== organisationId) throw usageErrors.scope_not_found();
        return;
      case 'project':
        return this.tenants.requireProject(tx, organisationId, scopeId as ProjectId);
      case 'key':
        if (!(await this.ownerOf(scope)?.owns(tx, organisationId, scopeId))) throw usageErrors.scope_not_found();
    }
  }

  private ownerOf(scope: ScopeOwner['scope']): ScopeOwner | undefined {
    const owners = this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof ScopeOwner ? [instance] : []));
    return owners.find((owner) => owner.scope === scope);
  }
}
