import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { PolicyProfile } from '../../../../contracts/policy-profile.js';
import { ScopeOwner } from '../../../../contracts/scope-owner.js';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { newId, type OrganisationId, type ProjectId, type TroubleshootingGrantId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from '../../data/troubleshooting-grants.repository.js';
import { AuditedGrants } from './audited-grants.js';
import { type GrantReason, type GrantScope, LONGEST_GRANT_HOURS, MOST_OPEN_GRANTS } from './grant-rules.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** What a customer asks for. */
export interface GrantRequest {
  readonly scope: GrantScope;
  /** The organisation's, the project's or the key's id. */
  readonly scopeId: string;
  readonly reason: GrantReason;
  readonly ticket: string | null;
  /** Whole hours from now. */
  readonly hours: number;
}

/** Lets the payloads of some calls be kept for a while (C5). Takes effect on every replica as soon as the change is heard of, well within a second. */
@Injectable()
export class OpenGrant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: TroubleshootingGrantsRepository,
    private readonly audited: AuditedGrants,
    private readonly tenants: Tenants,
    private readonly discovery: DiscoveryService,
    private readonly profile: PolicyProfile,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `content/no_grants`, `content/too_many_grants`, `tenants/organisation_not_found`, `tenants/project_not_found`, and `lethe/invalid_request` for
   * a scope that is not the organisation's or an end that the profile does not allow.
   */
  run(actor: AuditActor, organisationId: OrganisationId, request: GrantRequest): Promise<TroubleshootingGrantRow> {
    const { scope, scopeId, reason, ticket, hours } = request;
    this.refuseTooLong(hours);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.requireScope(tx, organisationId, scope, scopeId);
      const openedAt = this.clock.now();
      if ((await this.grants.countOpen(tx, organisationId, openedAt)) >= MOST_OPEN_GRANTS) throw contentErrors.too_many_grants();
      const endsAt = new Date(openedAt.getTime() + hours * HOUR_MS);
      const id = newId<TroubleshootingGrantId>();
      const grant = { id, organisationId, scope, scopeId, reason, ticket, openedAt, endsAt, closedAt: null };
      await this.audited.open(tx, actor, grant);
      return grant;
    });
  }

  private refuseTooLong(hours: number): void {
    const { grantDays } = this.profile.content;
    if (grantDays === 0) throw contentErrors.no_grants();
    const most = Math.min(LONGEST_GRANT_HOURS, grantDays * DAY_HOURS);
    if (hours > most) throw invalidRequest([{ field: 'hours', message: `must be at most ${most} under the policy profile in force` }]);
  }

  private async requireScope(tx: Tx, organisationId: OrganisationId, scope: GrantScope, scopeId: string): Promise<void> {
    await this.tenants.requireOrganisation(tx, organisationId);
    if (scope === 'project') return this.tenants.requireProject(tx, organisationId, scopeId as ProjectId);
    const owners = this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof ScopeOwner ? [instance] : []));
    const keys = owners.find((owner) => owner.scope === 'key');
    const isOwn = scope === 'key' ? await keys?.owns(tx, organisationId, scopeId) : scopeId === organisationId;
    if (isOwn !== true) throw invalidRequest([{ field: 'scopeId', message: `must be the id of the organisation's own ${scope}` }]);
  }
}
