import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { type CapturedDomainId, type IdentityProviderId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { newSecret } from '../../../kernel/secrets.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { federationErrors } from '../federation.errors.js';
import { AuditedDomains, type DomainRef } from './audited-domains.js';
import { DomainProof } from './domain-proof.js';
import { normalDomain } from './external-person.js';

/** What to change; what is absent stays. */
export interface DomainChange {
  readonly providerId?: IdentityProviderId | null | undefined;
  readonly ssoRequired?: boolean | undefined;
}

/** E-mail domains of organisations: claimed, proven by DNS, given a provider, let go of. Each change commits with its audit row. */
@Injectable()
export class CapturedDomains {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly domains: AuditedDomains,
    private readonly proof: DomainProof,
    private readonly clock: Clock,
  ) {}

  /** Raises `lethe/invalid_request`, `federation/domain_claimed` and `tenants/organisation_not_found`. A claim alone has no effect. */
  claim(actor: AuditActor, organisationId: OrganisationId, name: string): Promise<CapturedDomainRow> {
    const domain = normalDomain(name);
    if (domain === null) throw invalidRequest([{ field: 'domain', message: 'must be a domain name, such as "example.com"' }]);
    const row: CapturedDomainRow = {
      id: newId<CapturedDomainId>(),
      organisationId,
      domain,
      challenge: newSecret(),
      providerId: null,
      ssoRequired: false,
      verifiedAt: null,
      missingSince: null,
      createdAt: this.clock.now(),
    };
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.domains.add(tx, actor, row);
      return row;
    });
  }

  /** Raises `federation/domain_not_found`. */
  get({ organisationId, id }: DomainRef): Promise<CapturedDomainRow> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.domains.get(tx, { organisationId, id }));
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.domains.list(tx, organisationId, after, limit));
  }

  /**
   * Looks for the TXT record and, when it is there, makes the domain the organisation's. Raises `federation/domain_not_found`,
   * `federation/domain_not_proven`, `federation/domain_taken` and `federation/dns_unavailable`.
   */
  async verify(actor: AuditActor, ref: DomainRef): Promise<CapturedDomainRow> {
    const claimed = await this.get(ref);
    if (!(await this.proof.isThere(claimed))) throw federationErrors.domain_not_proven();
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const before = await this.domains.lock(tx, ref);
      if (before.verifiedAt !== null && before.missingSince === null) return before;
      return this.domains.update(tx, actor, 'verified', {
        ...before,
        verifiedAt: before.verifiedAt ?? this.clock.now(),
        missingSince: null,
      });
    });
  }

  /**
   * Says where the people of a domain sign in, and whether they may nowhere else. Raises `federation/domain_not_found`,
   * `federation/provider_not_found`, and `federation/domain_unproven` when there is nothing to demand it on.
   */
  change(actor: AuditActor, { organisationId, id }: DomainRef, change: DomainChange): Promise<CapturedDomainRow> {
    if (change.providerId === undefined && change.ssoRequired === undefined) {
      throw invalidRequest([{ field: 'body', message: 'must have a providerId or say whether sign-on is required' }]);
    }
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.domains.lock(tx, { organisationId, id });
      const after = {
        ...before,
        providerId: change.providerId === undefined ? before.providerId : change.providerId,
        ssoRequired: change.ssoRequired ?? before.ssoRequired,
      };
      await this.domains.requireUsable(tx, after);
      return this.domains.update(tx, actor, 'changed', after);
    });
  }

  /** Lets go of a domain. Those who signed in because of it keep their accounts. Raises `federation/domain_not_found`. */
  async release(actor: AuditActor, { organisationId, id }: DomainRef): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, (tx) => this.domains.remove(tx, actor, { organisationId, id }));
  }

  /**
   * The way out for an organisation that has locked itself out: its people may sign in as others do again. For the installation's staff. Raises
   * `federation/domain_not_found`.
   */
  async lift(actor: AuditActor, name: string): Promise<CapturedDomainRow> {
    const domain = normalDomain(name);
    return this.unitOfWork.asSystem(async (tx) => {
      const before = await this.domains.lock(tx, await this.domains.proven(tx, domain));
      return this.domains.update(tx, actor, 'lifted', { ...before, ssoRequired: false });
    });
  }
}
