import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import type { OrganisationKind, OrganisationSummary } from '../tenants.contract.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Makes an organisation. The API makes customers only; the operator's own comes from the first-run bootstrap. */
@Injectable()
export class CreateOrganisation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly organisations: OrganisationsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/slug_taken` and `tenants/operator_exists`. */
  async run(
    command: { readonly slug: string; readonly name: string; readonly kind: OrganisationKind },
    actor: AuditActor,
  ): Promise<OrganisationSummary> {
    const { slug, name, kind } = command;
    // The HTTP layer has checked it; the command line has not.
    if (!SLUG.test(slug)) throw invalidRequest([{ field: 'slug', message: 'must be 1 to 63 lower-case letters, digits and hyphens' }]);
    const id = newId<OrganisationId>();
    const now = this.clock.now();
    const organisation: OrganisationSummary = {
      id,
      slug,
      name,
      kind,
      status: 'active',
      secondFactorRequired: false,
      memberNetworks: [],
      createdAt: now,
      updatedAt: now,
    };
    return this.unitOfWork.forOrganisation(id, async (tx) => {
      await this.organisations.insert(tx, organisation);
      await this.audit.record(tx, {
        actor,
        action: 'organisation.created',
        organisationId: id,
        target: { type: 'organisation', id },
        detail: { kind },
      });
      return organisation;
    });
  }
}
