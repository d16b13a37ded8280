import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { MembershipsRepository } from '../data/memberships.repository.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import type { OrganisationKind, OrganisationSummary } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** How many organisations one person may have founded and still own. */
const MOST_OWNED = 10;

export interface NewOrganisation {
  readonly id: OrganisationId;
  readonly slug: string;
  readonly name: string;
  readonly kind: OrganisationKind;
}

/** New organisations, each with its audit row in the same transaction. */
@Injectable()
export class AuditedOrganisations {
  constructor(
    private readonly organisations: OrganisationsRepository,
    private readonly members: MembershipsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/too_many_organisations`. Of two that one person founds at the same moment the second waits here for the first. */
  async requireRoom(tx: Tx, founder: AccountId): Promise<void> {
    await this.members.lockFounding(tx, founder);
    const held = await this.members.ofAccount(tx, founder);
    const owned = held.filter(({ role, source }) => role === 'owner' && source === 'founder');
    if (owned.length >= MOST_OWNED) throw tenantsErrors.too_many_organisations({ details: { limit: MOST_OWNED } });
  }

  /** Raises `tenants/slug_taken`, `tenants/operator_exists`, and `lethe/invalid_request` for a slug that is none. */
  async add(tx: Tx, { id, slug, name, kind }: NewOrganisation, actor: AuditActor): Promise<OrganisationSummary> {
    // The HTTP layer has checked it; the command line has not.
    if (!SLUG.test(slug)) throw invalidRequest([{ field: 'slug', message: 'must be 1 to 63 lower-case letters, digits and hyphens' }]);
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
    await this.organisations.insert(tx, organisation);
    await this.audit.record(tx, {
      actor,
      action: 'organisation.created',
      organisationId: id,
      target: { type: 'organisation', id },
      detail: { kind },
    });
    return organisation;
  }
}
