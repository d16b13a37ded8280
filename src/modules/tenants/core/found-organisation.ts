import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../kernel/errors.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { Memberships, type OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';
import { AuditedOrganisations } from './audited-organisations.js';
import { isReservedSlug } from './reserved-slugs.js';

/** A person makes an organisation and is its owner from the first moment: both commit, or neither does. */
@Injectable()
export class FoundOrganisation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: AuditedOrganisations,
    private readonly memberships: Memberships,
    private readonly settings: Settings,
  ) {}

  /** Raises `tenants/creation_off`, `tenants/too_many_organisations`, `tenants/slug_taken`, and `lethe/invalid_request` for a reserved slug. */
  async run({ slug, name }: { readonly slug: string; readonly name: string }, founder: AccountPrincipal): Promise<OrganisationSummary> {
    if (!this.settings.peopleCreateOrganisations) throw tenantsErrors.creation_off();
    if (isReservedSlug(slug)) throw invalidRequest([{ field: 'slug', message: 'is reserved; choose another' }]);
    const id = newId<OrganisationId>();
    // A system transaction, because what the founder owns lies in other organisations.
    return this.unitOfWork.asSystem(async (tx) => {
      await this.organisations.requireRoom(tx, founder.id);
      const organisation = await this.organisations.add(tx, { id, slug, name, kind: 'customer' }, founder);
      await this.memberships.add(tx, { organisationId: id, accountId: founder.id, role: 'owner', source: 'founder' }, founder);
      return organisation;
    });
  }
}
