import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { Memberships } from '../../tenants/tenants.contract.js';
import { ExternalIdentitiesRepository } from '../data/external-identities.repository.js';
import type { ProviderOwner } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { DomainRules } from './domain-rules.js';

/** Whoever is about to sign in, and the address they have proven; null when there is none. */
export interface Comer {
  readonly accountId: AccountId;
  readonly verifiedEmail: string | null;
}

/** An organisation's demand that people of its domain sign in through its own providers only. */
@Injectable()
export class SingleSignOnDemand {
  constructor(
    private readonly domains: DomainRules,
    private readonly memberships: Memberships,
    private readonly identities: ExternalIdentitiesRepository,
  ) {}

  /**
   * Raises `federation/sso_required`, with the provider to go to, when such a demand stands and this is another way. `through` is whose provider it
   * is; undefined for ways without one.
   *
   * An owner who has linked no identity of the organisation yet is let in to do so: no provider opens an owner's account unasked (ADR 0032).
   */
  async requireMet(tx: Tx, { accountId, verifiedEmail }: Comer, through: ProviderOwner | undefined): Promise<void> {
    const owner = verifiedEmail === null ? null : await this.domains.ownerOf(tx, verifiedEmail);
    if (owner === null || !owner.ssoRequired || owner.organisationId === through) return;
    const membership = await this.memberships.find(tx, owner.organisationId, accountId);
    const mayLinkFirst = membership?.role === 'owner' && !(await this.identities.hasAnyOf(tx, accountId, owner.organisationId));
    if (!mayLinkFirst) throw federationErrors.sso_required({ details: { providerId: owner.providerId } });
  }
}
