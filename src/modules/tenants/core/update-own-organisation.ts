import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../kernel/errors.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { AllowedNetworks } from '../../../platform/http/allowed-networks.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { permissionsIn } from '../../../platform/http/organisation-scope.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import type { OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';
import { type OrganisationChange, UpdateOrganisation } from './update-organisation.js';

/** What a member changes of their organisation: nothing that would undo what the operator decided, or lock the member out at once. */
@Injectable()
export class UpdateOwnOrganisation {
  constructor(private readonly changes: UpdateOrganisation) {}

  /** Raises what {@link UpdateOrganisation} does, `http/forbidden`, and `tenants/second_factor_missing`. */
  async run(id: OrganisationId, change: OrganisationChange, member: AccountPrincipal, remoteAddress: string): Promise<OrganisationSummary> {
    // An owner may stop everything; only the operator lets it go on, since it may have been the operator who stopped it.
    if (change.status === 'active') throw httpErrors.forbidden({ details: { field: 'status' } });
    if (change.status === 'suspended' && !permissionsIn(member, id).has('ownership:write')) {
      throw httpErrors.forbidden({ details: { field: 'status', permission: 'ownership:write' } });
    }
    if (change.secondFactorRequired === true && member.secondFactorAtMs === null) throw tenantsErrors.second_factor_missing();
    const networks = change.memberNetworks ?? [];
    if (networks.length > 0 && !new AllowedNetworks(networks).includes(remoteAddress)) {
      throw invalidRequest([
        { field: 'memberNetworks', message: 'must hold the address you are calling from, or you would lock yourself out' },
      ]);
    }
    return this.changes.run(id, change, member);
  }
}
