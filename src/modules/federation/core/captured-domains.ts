import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { type CapturedDomainId, type IdentityProviderId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { CapturedDomainsRepository } from '../data/captured-domains.repository.js';
import { IdentityProvidersRepository } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { normalDomain } from './external-person.js';
import { newSecret } from './flow-secrets.js';
import { TxtRecords } from './txt-records.js';

/** Where a domain says that it belongs to an organisation, and what the record begins with. */
export const CHALLENGE_LABEL = '_lethe-challenge';
export const CHALLENGE_PREFIX = 'lethe-domain-verification=';

export interface DomainRef {
  readonly organisationId: OrganisationId;
  readonly id: CapturedDomainId;
}

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
    private readonly domains: CapturedDomainsRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly records: TxtRecords,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
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
      createdAt: this.clock.now(),
    };
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      await this.domains.insert(tx, row);
      await this.record(tx, 'claimed', actor, row);
      return row;
    });
  }

  /** Raises `federation/domain_not_found`. */
  get({ organisationId, id }: DomainRef): Promise<CapturedDomainRow> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => found(await this.domains.find(tx, organisationId, id)));
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  list(organisationId: OrganisationId, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.domains.list(tx, organisationId, after, limit);
    });
  }

  /**
   * Looks for the TXT record and, when it is there, makes the domain the organisation's. Raises `federation/domain_not_found`,
   * `federation/domain_not_proven`, `federation/domain_taken` and `federation/dns_unavailable`.
   */
  async verify(actor: AuditActor, ref: DomainRef): Promise<CapturedDomainRow> {
    const claimed = await this.get(ref);
    const texts = await this.records.read(`${CHALLENGE_LABEL}.${claimed.domain}`);
    if (!texts.includes(CHALLENGE_PREFIX + claimed.challenge)) throw federationErrors.domain_not_proven();
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const before = found(await this.domains.lock(tx, ref.organisationId, ref.id));
      if (before.verifiedAt !== null) return before;
      const proven = { ...before, verifiedAt: this.clock.now() };
      await this.domains.update(tx, proven);
      await this.record(tx, 'verified', actor, proven);
      return proven;
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
      const before = found(await this.domains.lock(tx, organisationId, id));
      const after = {
        ...before,
        providerId: change.providerId === undefined ? before.providerId : change.providerId,
        ssoRequired: change.ssoRequired ?? before.ssoRequired,
      };
      await this.requireUsable(tx, after);
      await this.domains.update(tx, after);
      await this.record(tx, 'changed', actor, after);
      return after;
    });
  }

  /** Lets go of a domain. Those who signed in because of it keep their accounts. Raises `federation/domain_not_found`. */
  async release(actor: AuditActor, { organisationId, id }: DomainRef): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const domain = found(await this.domains.lock(tx, organisationId, id));
      await this.domains.delete(tx, organisationId, id);
      await this.record(tx, 'released', actor, domain);
    });
  }

  /**
   * The way out for an organisation that has locked itself out: its people may sign in as others do again. For the installation's staff. Raises
   * `federation/domain_not_found`.
   */
  async lift(actor: AuditActor, name: string): Promise<CapturedDomainRow> {
    const domain = normalDomain(name);
    return this.unitOfWork.asSystem(async (tx) => {
      const proven = found(domain === null ? null : await this.domains.findProven(tx, domain));
      const before = found(await this.domains.lock(tx, proven.organisationId, proven.id));
      const after = { ...before, ssoRequired: false };
      await this.domains.update(tx, after);
      await this.record(tx, 'lifted', actor, after);
      return after;
    });
  }

  private async requireUsable(tx: Tx, { organisationId, providerId, ssoRequired, verifiedAt }: CapturedDomainRow): Promise<void> {
    const provider = providerId === null ? null : await this.providers.find(tx, { organisationId, id: providerId });
    if (providerId !== null && provider === null) throw federationErrors.provider_not_found();
    if (ssoRequired && (verifiedAt === null || provider?.status !== 'active')) throw federationErrors.domain_unproven();
  }

  private record(tx: Tx, what: string, actor: AuditActor, domain: CapturedDomainRow): Promise<void> {
    const { id, organisationId, providerId, ssoRequired } = domain;
    const target = { type: 'captured_domain', id };
    return this.audit.record(tx, { actor, action: `captured_domain.${what}`, organisationId, target, detail: { providerId, ssoRequired } });
  }
}

function found(row: CapturedDomainRow | null): CapturedDomainRow {
  if (row === null) throw federationErrors.domain_not_found();
  return row;
}
