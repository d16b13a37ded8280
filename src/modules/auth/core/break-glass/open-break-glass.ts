import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type BreakGlassId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal } from '../../../../platform/http/principal.js';
import { authErrors } from '../../auth.errors.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { AffectedOrganisation } from './affected-organisation.js';
import { AuditedGrants } from './audited-grants.js';
import type { BreakGlassReason } from './break-glass-rules.js';

const MINUTE_MS = 60_000;

/** What a member of staff says before they may look. */
export interface BreakGlassRequest {
  readonly organisationId: OrganisationId;
  readonly reason: BreakGlassReason;
  readonly ticket: string;
  readonly minutes: number;
}

/** Opens one organisation's own data to one member of staff, for reading, for a reason and a while (S2). */
@Injectable()
export class OpenBreakGlass {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: AuditedGrants,
    private readonly organisations: AffectedOrganisation,
    private readonly clock: Clock,
  ) {}

  /**
   * The organisation is told in the same transaction. Raises `auth/duty_only`, `auth/break_glass_own`, `auth/break_glass_open`,
   * `lethe/not_found` for an organisation there is none of, and `http/forbidden` for an operator who has just lost the right.
   */
  run(operator: OperatorPrincipal, { organisationId, reason, ticket, minutes }: BreakGlassRequest): Promise<BreakGlassGrantEntity> {
    if (operator.duty === null) throw authErrors.duty_only();
    return this.unitOfWork.asSystem(async (tx) => {
      await this.organisations.require(tx, organisationId);
      const openedAt = this.clock.now();
      const open = await this.grants.lockOpenOf(tx, operator.id, openedAt);
      if (open.some((grant) => grant.organisationId === organisationId)) throw authErrors.break_glass_open();
      const endsAt = new Date(openedAt.getTime() + minutes * MINUTE_MS);
      const id = newId<BreakGlassId>();
      const grant = { id, organisationId, operatorId: operator.id, reason, ticket, openedAt, endsAt, closedAt: null, closedBy: null };
      await this.grants.open(tx, grant, operator);
      await this.organisations.tell(tx, grant);
      return grant;
    });
  }
}
