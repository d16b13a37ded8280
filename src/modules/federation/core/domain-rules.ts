import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { CapturedDomainsRepository } from '../data/captured-domains.repository.js';
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
   * Raises `federation/domain_not_admitted` unless an account's proven address lies in a domain this organisation has proven. Its provider opens no other
   * account, not even one whose owner asked for it: whoever runs the provider could come in as them, and reach what is none of the organisation's.
   */
  async requireSpokenFor(tx: Tx, verifiedEmail: string | null, organisationId: OrganisationId): Promise<void> {
    const owner = verifiedEmail === null ? null : await this.ownerOf(tx, verifiedEmail);
    if (owner?.organisationId !== organisationId) throw federationErrors.domain_not_admitted();
  }
}
