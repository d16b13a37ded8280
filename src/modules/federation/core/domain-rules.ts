import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AccountSummary } from '../../accounts/accounts.contract.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { CapturedDomainsRepository } from '../data/captured-domains.repository.js';
import type { ProviderOwner } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { emailDomain } from './external-person.js';

/** What organisations that have proven a domain decide about the people in it. */
@Injectable()
export class DomainRules {
  constructor(private readonly domains: CapturedDomainsRepository) {}

  /** Who has proven the domain of this address, if anybody has. The transaction must be a system one. */
  async ownerOf(tx: Tx, email: string): Promise<CapturedDomainRow | null> {
    const domain = emailDomain(email);
    return domain === null ? null : this.domains.findProven(tx, domain);
  }

  /**
   * Raises `federation/sso_required`, with the provider to go to, when the account's domain belongs to an organisation that lets its people in through
   * its own providers only, and this is none of them. `through` is whose provider it is; undefined for ways without one.
   */
  async requireAllowed(
    tx: Tx,
    account: Pick<AccountSummary, 'email' | 'emailVerified'>,
    through: ProviderOwner | undefined,
  ): Promise<void> {
    if (account.email === null || !account.emailVerified) return;
    const owner = await this.ownerOf(tx, account.email);
    if (owner === null || !owner.ssoRequired || owner.organisationId === through) return;
    throw federationErrors.sso_required({ details: { providerId: owner.providerId } });
  }

  /**
   * Raises `federation/domain_not_admitted` unless the account's address lies in a domain this organisation has proven. Its provider opens no other
   * account, not even one whose owner asked for it: whoever runs the provider could come in as them, and reach what is none of the organisation's.
   */
  async requireSpokenFor(tx: Tx, account: Pick<AccountSummary, 'email' | 'emailVerified'>, organisationId: OrganisationId): Promise<void> {
    const owner = account.email === null || !account.emailVerified ? null : await this.ownerOf(tx, account.email);
    if (owner?.organisationId !== organisationId) throw federationErrors.domain_not_admitted();
  }
}
