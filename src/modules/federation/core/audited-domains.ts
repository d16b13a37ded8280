import { Injectable } from '@nestjs/common';
import type { CapturedDomainId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { CapturedDomainsRepository } from '../data/captured-domains.repository.js';
import { IdentityProvidersRepository } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';

export interface DomainRef {
  readonly organisationId: OrganisationId;
  readonly id: CapturedDomainId;
}

/** Writes domains, each change together with the audit row that tells of it. */
@Injectable()
export class AuditedDomains {
  constructor(
    private readonly domains: CapturedDomainsRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `federation/domain_claimed` and `tenants/organisation_not_found`. */
  async add(tx: Tx, actor: AuditActor, domain: CapturedDomainRow): Promise<void> {
    await this.tenants.requireOrganisation(tx, domain.organisationId);
    await this.domains.insert(tx, domain);
    await this.record(tx, actor, 'claimed', domain);
  }

  /** Raises `federation/domain_not_found`. */
  async get(tx: Tx, { organisationId, id }: DomainRef): Promise<CapturedDomainRow> {
    return found(await this.domains.find(tx, organisationId, id));
  }

  /** The same, locked until the transaction ends. */
  async lock(tx: Tx, { organisationId, id }: DomainRef): Promise<CapturedDomainRow> {
    return found(await this.domains.lock(tx, organisationId, id));
  }

  /** The same; null when it was let go. */
  lockIfThere(tx: Tx, { organisationId, id }: DomainRef): Promise<CapturedDomainRow | null> {
    return this.domains.lock(tx, organisationId, id);
  }

  /** Proven domains of all organisations: a page after the id `after`. The transaction must be a system one. */
  allProven(tx: Tx, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return this.domains.proven(tx, after, limit);
  }

  /** Whoever has proven it. Raises `federation/domain_not_found`. The transaction must be a system one. */
  async proven(tx: Tx, domain: string | null): Promise<CapturedDomainRow> {
    return found(domain === null ? null : await this.domains.findProven(tx, domain));
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  async list(tx: Tx, organisationId: OrganisationId, after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    await this.tenants.requireOrganisation(tx, organisationId);
    return this.domains.list(tx, organisationId, after, limit);
  }

  /** Raises `federation/domain_taken` when it is to be proven and another organisation was first. */
  async update(tx: Tx, actor: AuditActor, what: string, domain: CapturedDomainRow): Promise<CapturedDomainRow> {
    await this.domains.update(tx, domain);
    await this.record(tx, actor, what, domain);
    return domain;
  }

  /** Raises `federation/domain_not_found`. */
  async remove(tx: Tx, actor: AuditActor, ref: DomainRef): Promise<void> {
    const domain = await this.lock(tx, ref);
    await this.domains.delete(tx, ref.organisationId, ref.id);
    await this.record(tx, actor, 'released', domain);
  }

  /** Raises `federation/provider_not_found`, and `federation/domain_unproven` for a demand that nobody could meet. */
  async requireUsable(tx: Tx, { organisationId, providerId, ssoRequired, verifiedAt }: CapturedDomainRow): Promise<void> {
    const provider = providerId === null ? null : await this.providers.find(tx, { organisationId, id: providerId });
    if (providerId !== null && provider === null) throw federationErrors.provider_not_found();
    if (ssoRequired && (verifiedAt === null || provider?.status !== 'active')) throw federationErrors.domain_unproven();
  }

  private record(tx: Tx, actor: AuditActor, what: string, domain: CapturedDomainRow): Promise<void> {
    const { id, organisationId, providerId, ssoRequired } = domain;
    const target = { type: 'captured_domain', id };
    return this.audit.record(tx, { actor, action: `captured_domain.${what}`, organisationId, target, detail: { providerId, ssoRequired } });
  }
}

function found(row: CapturedDomainRow | null): CapturedDomainRow {
  if (row === null) throw federationErrors.domain_not_found();
  return row;
}
