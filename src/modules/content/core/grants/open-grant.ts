import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { newId, type OrganisationId, type TroubleshootingGrantId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import type { TroubleshootingGrantRow } from '../../data/troubleshooting-grant.entity.js';
import { ContentAllowance } from '../gate/content-allowance.js';
import { AuditedGrants } from './audited-grants.js';
import { type GrantReason, type GrantScope, LONGEST_GRANT_HOURS } from './grant-rules.js';
import { GrantScopes } from './grant-scopes.js';

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
    private readonly scopes: GrantScopes,
    private readonly grants: AuditedGrants,
    private readonly allowance: ContentAllowance,
  ) {}

  /**
   * Raises `content/no_grants`, `content/too_many_grants`, `tenants/organisation_not_found`, `tenants/project_not_found`, and `lethe/invalid_request` for
   * a scope that is not the organisation's or an end that the profile does not allow.
   */
  run(actor: AuditActor, organisationId: OrganisationId, request: GrantRequest): Promise<TroubleshootingGrantRow> {
    const { scope, scopeId, reason, ticket, hours } = request;
    this.refuseTooLong(hours);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.scopes.require(tx, organisationId, scope, scopeId);
      const id = newId<TroubleshootingGrantId>();
      return this.grants.open(tx, actor, { id, organisationId, scope, scopeId, reason, ticket }, hours * HOUR_MS);
    });
  }

  private refuseTooLong(hours: number): void {
    const { grantDays } = this.allowance.policy;
    if (grantDays === 0) throw contentErrors.no_grants();
    const most = Math.min(LONGEST_GRANT_HOURS, grantDays * DAY_HOURS);
    if (hours > most) throw invalidRequest([{ field: 'hours', message: `must be at most ${most} under the policy profile in force` }]);
  }
}
