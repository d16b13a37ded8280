import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { kernelErrors } from '../../../../kernel/errors.js';
import { type BreakGlassId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OperatorPrincipal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { BreakGlassGrantEntity } from '../../data/break-glass-grant.entity.js';
import { BreakGlassGrantsRepository } from '../../data/break-glass-grants.repository.js';
import { OperatorsRepository } from '../../data/operators.repository.js';
import type { BreakGlassReason } from './break-glass-rules.js';
import { TellOrganisation } from './tell-organisation.js';

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
    private readonly grants: BreakGlassGrantsRepository,
    private readonly operators: OperatorsRepository,
    private readonly tenants: Tenants,
    private readonly telling: TellOrganisation,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * The organisation is told in the same transaction. Raises `auth/duty_only`, `auth/break_glass_own`, `auth/break_glass_open` and
   * `lethe/not_found` for an organisation there is none of.
   */
  run(operator: OperatorPrincipal, request: BreakGlassRequest): Promise<BreakGlassGrantEntity> {
    if (operator.duty === null) throw authErrors.duty_only();
    const { organisationId, reason, ticket, minutes } = request;
    return this.unitOfWork.asSystem(async (tx) => {
      // Held until the end, so that of two requests at once the second finds the first one's grant.
      await this.operators.lock(tx, operator.id);
      const organisation = await this.tenants.findOrganisation(tx, organisationId);
      if (organisation === null) throw kernelErrors.not_found();
      if (organisation.kind === 'operator') throw authErrors.break_glass_own();
      const openedAt = this.clock.now();
      const open = await this.grants.openOf(tx, operator.id, openedAt);
      if (open.some((grant) => grant.organisationId === organisationId)) throw authErrors.break_glass_open();
      const id = newId<BreakGlassId>();
      const endsAt = new Date(openedAt.getTime() + minutes * MINUTE_MS);
      const grant = { id, organisationId, operatorId: operator.id, reason, ticket, openedAt, endsAt, closedAt: null, closedBy: null };
      await this.grants.insert(tx, grant);
      const target = { type: 'break_glass', id };
      const detail = { reason, ticket, minutes };
      await this.audit.record(tx, { actor: operator, action: 'break_glass.opened', organisationId, target, detail });
      await this.telling.run(tx, organisation, grant);
      return grant;
    });
  }
}
