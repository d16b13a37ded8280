import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { canonicalNetwork } from '../../../platform/http/allowed-networks.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import type { OrganisationStatus, OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

/** What to change; what is absent stays. */
export interface OrganisationChange {
  readonly name?: string | undefined;
  readonly status?: OrganisationStatus | undefined;
  readonly secondFactorRequired?: boolean | undefined;
  readonly memberNetworks?: readonly string[] | undefined;
}

/**
 * Renames, suspends or reactivates an organisation, or changes what it asks of its members. Suspension stops its calls on every replica within a
 * second; what is asked of members holds from their next request on.
 */
@Injectable()
export class UpdateOrganisation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: OrganisationsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Raises `tenants/organisation_not_found`, `tenants/operator_cannot_be_suspended`, and `lethe/invalid_request` for a network that is none. A change
   * to what already is writes nothing.
   */
  async run(id: OrganisationId, change: OrganisationChange, actor: AuditActor): Promise<OrganisationSummary> {
    const memberNetworks = change.memberNetworks && canonicalNetworks(change.memberNetworks);
    return this.unitOfWork.forOrganisation(id, async (tx) => {
      const before = await this.organisations.lock(tx, id);
      if (before === null) throw tenantsErrors.organisation_not_found();
      if (before.kind === 'operator' && change.status === 'suspended') throw tenantsErrors.operator_cannot_be_suspended();
      const after: OrganisationSummary = {
        ...before,
        name: change.name ?? before.name,
        status: change.status ?? before.status,
        secondFactorRequired: change.secondFactorRequired ?? before.secondFactorRequired,
        memberNetworks: memberNetworks ?? before.memberNetworks,
        updatedAt: this.clock.now(),
      };
      const acts = actsOf(before, after);
      if (acts.length === 0) return before;
      await this.organisations.update(tx, after);
      const target = { type: 'organisation', id } as const;
      for (const act of acts) await this.audit.record(tx, { actor, ...act, organisationId: id, target });
      return after;
    });
  }
}

/** What the audit log says of the difference: never an address. */
function actsOf(
  before: OrganisationSummary,
  after: OrganisationSummary,
): { readonly action: `organisation.${string}`; readonly detail?: Readonly<Record<string, number>> }[] {
  const networksChanged = before.memberNetworks.join() !== after.memberNetworks.join();
  return [
    ...(after.name === before.name ? [] : [{ action: 'organisation.renamed' } as const]),
    ...(after.status === before.status ? [] : [{ action: STATUS_ACTIONS[after.status] }]),
    ...(after.secondFactorRequired === before.secondFactorRequired
      ? []
      : [{ action: after.secondFactorRequired ? 'organisation.second_factor_required' : 'organisation.second_factor_waived' } as const]),
    ...(networksChanged ? [{ action: 'organisation.networks_changed', detail: { networks: after.memberNetworks.length } } as const] : []),
  ];
}

const STATUS_ACTIONS = { active: 'organisation.reactivated', suspended: 'organisation.suspended' } as const;

function canonicalNetworks(texts: readonly string[]): string[] {
  const networks = texts.map(canonicalNetwork);
  const errors = networks.flatMap((network, index) =>
    network === undefined
      ? [{ field: `memberNetworks[${index}]`, message: 'must be an address or a CIDR block, such as "10.0.0.0/8" or "2001:db8::/32"' }]
      : [],
  );
  if (errors.length > 0) throw invalidRequest(errors);
  return [...new Set(networks.filter((network) => network !== undefined))];
}
