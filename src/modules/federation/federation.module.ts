import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { CapturedDomain } from './data/captured-domain.entity.js';
import { CapturedDomainsRepository } from './data/captured-domains.repository.js';
import { ExternalGrant } from './data/external-grant.entity.js';
import { ExternalGrantsRepository } from './data/external-grants.repository.js';
import { ExternalIdentity } from './data/external-identity.entity.js';
import { ExternalIdentitiesRepository } from './data/external-identities.repository.js';
import { FederationAttempt } from './data/federation-attempt.entity.js';
import { FederationAttemptsRepository } from './data/federation-attempts.repository.js';
import { IdentityProvider } from './data/identity-provider.entity.js';
import { IdentityProvidersRepository } from './data/identity-providers.repository.js';

const ENTITIES = [IdentityProvider, ExternalIdentity, ExternalGrant, CapturedDomain, FederationAttempt];

/** Sign-in through identity providers, and the directories behind them. */
@Module({
  imports: [TypeOrmModule.forFeature(ENTITIES), AuditModule, TenantsModule],
  providers: [
    IdentityProvidersRepository,
    ExternalIdentitiesRepository,
    ExternalGrantsRepository,
    CapturedDomainsRepository,
    FederationAttemptsRepository,
  ],
})
export class FederationModule {}
