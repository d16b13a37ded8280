import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { DomainRules } from './domain-rules.js';

/** Where the people of a domain sign in. */
export interface SignInDirection {
  readonly provider: Provider;
  /** Whether they may nowhere else. */
  readonly required: boolean;
}

/** Directs somebody to their organisation's provider by the domain of their address. Tells nothing about who has an account. */
@Injectable()
export class DiscoverSignIn {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly domains: DomainRules,
    private readonly providers: IdentityProvidersRepository,
  ) {}

  /** Null when the domain is nobody's, or its organisation directs nowhere. */
  run(email: string): Promise<SignInDirection | null> {
    return this.unitOfWork.asSystem(async (tx) => {
      const owner = await this.domains.ownerOf(tx, email);
      if (owner === null || owner.providerId === null) return null;
      const provider = await this.providers.find(tx, { organisationId: owner.organisationId, id: owner.providerId });
      return provider?.status === 'active' ? { provider, required: owner.ssoRequired } : null;
    });
  }
}
