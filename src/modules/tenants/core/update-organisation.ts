import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import type { OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

/** What to change; what is absent stays. */
export interface OrganisationChange {
  readonly name?: string | undefined;
  readonly status?: OrganisationStatus | undefined;
}

/** Renames, suspends or reactivates an organisation. Suspension stops its calls on every replica within a second. */
@Injectable()
export class UpdateOrganisation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: OrganisationsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/organisation_not_found` and `tenants/operator_cannot_be_suspended`. A change to what already is writes nothing. */
  run(id: OrganisationId, change: OrganisationChange, actor: AuditActor): Promise<OrganisationSummary> {
    return this.unitOfWork.forOrganisation(id, async (tx) => {
      const before = await this.organisations.lock(tx, id);
      if (before === null) throw tenantsErrors.organisation_not_found();
      if (before.kind === 'operator' && change.status === 'suspended') throw tenantsErrors.operator_cannot_be_suspended();
      const after = { ...before, name: change.name ?? before.name, status: change.status ?? before.status, updatedAt: this.clock.now() };
      const actions = [
        ...(after.name === before.name ? [] : (['organisation.renamed'] as const)),
        ...(after.status === before.status ? [] : ([STATUS_ACTIONS[after.status]] as const)),
      ];
      if (actions.length === 0) return before;
      await this.organisations.update(tx, after);
      for (const action of actions) {
        await this.audit.record(tx, { actor, action, organisationId: id, target: { type: 'organisation', id } });
      }
      return after;
    });
  }
}

const STATUS_ACTIONS = { active: 'organisation.reactivated', suspended: 'organisation.suspended' } as const;
