import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { OrganisationsRepository } from '../data/organisations.repository.js';
import type { OrganisationKind, OrganisationSummary } from '../tenants.contract.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

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
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

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
