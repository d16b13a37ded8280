import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RewrapRows } from '../../platform/kms/rewrap-rows.js';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AccountBehind } from './core/account-behind.js';
import { AdmissionRules } from './core/admission-rules.js';
import { AdmitPerson } from './core/admit-person.js';
import { AskAgain } from './core/ask-again.js';
import { Attempts } from './core/attempts.js';
import { AuditedDomains } from './core/audited-domains.js';
import { AuditedProviders } from './core/audited-providers.js';
import { AuthorizationCodeClient } from './core/authorization-code-client.js';
import { BeginFederation } from './core/begin-federation.js';
import { CapturedDomainRule } from './core/captured-domain-rule.js';
import { CapturedDomains } from './core/captured-domains.js';
import { ChangeProvider } from './core/change-provider.js';
import { CheckProvider } from './core/check-provider.js';
import { CompleteFederation } from './core/complete-federation.js';
import { CreateProvider } from './core/create-provider.js';
import { DeleteProvider } from './core/delete-provider.js';
import { DiscoverSignIn } from './core/discover-sign-in.js';
import { DiscoveredProviders } from './core/discovered-providers.js';
import { DomainNews } from './core/domain-news.js';
import { DomainProof } from './core/domain-proof.js';
import { DomainRegister } from './core/domain-register.js';
import { DomainRules } from './core/domain-rules.js';
import { IdentityBook } from './core/identity-book.js';
import { IdentityEvents } from './core/identity-events.js';
import { KeepGrant } from './core/keep-grant.js';
import { ProveDomainsAgain } from './core/prove-domains-again.js';
import { ProviderHttp } from './core/provider-http.js';
import { ProviderJournal } from './core/provider-journal.js';
import { ReadProviders } from './core/read-providers.js';
import { RedeemCallback } from './core/redeem-callback.js';
import { RefreshProfiles } from './core/refresh-profiles.js';
import { ReplaceProviderSecret } from './core/replace-provider-secret.js';
import { RewrapSecrets } from './core/rewrap-secrets.js';
import { Rewrapping } from './core/rewrapping.js';
import { SignOnProviders } from './core/sign-on-providers.js';
import { SingleSignOnDemand } from './core/single-sign-on-demand.js';
import { StoredProfiles } from './core/stored-profiles.js';
import { ResolvedTxtRecords, TxtRecords } from './core/txt-records.js';
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
import { ExternalProfiles } from './federation.contract.js';
import './federation.inventory.js';
import { CallbackStrategy } from './http/callback-strategy.js';
import { CapturedDomainsController } from './http/captured-domains.controller.js';
import { IdentityProvidersController } from './http/identity-providers.controller.js';
import { InstallationProviderSecretsController } from './http/installation-provider-secrets.controller.js';
import { InstallationProvidersController } from './http/installation-providers.controller.js';
import { ProviderSecretsController } from './http/provider-secrets.controller.js';
import { SignInDirectionsController } from './http/sign-in-directions.controller.js';
import { FederatedSignInController } from './http/sign-in.controller.js';
import { SingleSignOnLiftController } from './http/single-sign-on-lift.controller.js';
import { ProveDomainsAgainJob } from './jobs/prove-domains-again.job.js';
import { RefreshProfilesJob } from './jobs/refresh-profiles.job.js';
import { RewrapSecretsJob } from './jobs/rewrap-secrets.job.js';
import { SweepAttemptsJob } from './jobs/sweep-attempts.job.js';

const ENTITIES = [IdentityProvider, ExternalIdentity, ExternalGrant, CapturedDomain, FederationAttempt];

const REPOSITORIES = [
  IdentityProvidersRepository,
  ExternalIdentitiesRepository,
  ExternalGrantsRepository,
  CapturedDomainsRepository,
  FederationAttemptsRepository,
];

const ADMINISTRATION = [
  ProviderJournal,
  AuditedProviders,
  CreateProvider,
  ChangeProvider,
  ReplaceProviderSecret,
  DeleteProvider,
  ReadProviders,
  CheckProvider,
  AuditedDomains,
  CapturedDomains,
  DomainProof,
  DomainNews,
  DomainRegister,
  ProveDomainsAgain,
  { provide: TxtRecords, useClass: ResolvedTxtRecords },
];

const SIGN_IN = [
  ProviderHttp,
  DiscoveredProviders,
  AuthorizationCodeClient,
  DomainRules,
  SingleSignOnDemand,
  IdentityBook,
  IdentityEvents,
  AccountBehind,
  AdmissionRules,
  CapturedDomainRule,
  DiscoverSignIn,
  SignOnProviders,
  Attempts,
  RedeemCallback,
  BeginFederation,
  CompleteFederation,
  AdmitPerson,
  KeepGrant,
  CallbackStrategy,
];

/** Sign-in through identity providers. Offers {@link ExternalProfiles}, and a rule to whatever opens sessions. */
@Module({
  imports: [TypeOrmModule.forFeature(ENTITIES), AuditModule, NotificationsModule, TenantsModule, AccountsModule],
  controllers: [
    SignInDirectionsController,
    FederatedSignInController,
    IdentityProvidersController,
    ProviderSecretsController,
    CapturedDomainsController,
    InstallationProvidersController,
    InstallationProviderSecretsController,
    SingleSignOnLiftController,
  ],
  providers: [
    ...REPOSITORIES,
    ...ADMINISTRATION,
    ...SIGN_IN,
    AskAgain,
    RefreshProfiles,
    RefreshProfilesJob,
    SweepAttemptsJob,
    ProveDomainsAgainJob,
    RewrapRows,
    Rewrapping,
    RewrapSecrets,
    RewrapSecretsJob,
    { provide: ExternalProfiles, useClass: StoredProfiles },
  ],
  // All but the first are for the parts of this module with a file of their own: the way in by SAML, and people's own identities.
  exports: [
    ExternalProfiles,
    IdentityProvidersRepository,
    FederationAttemptsRepository,
    AuditedProviders,
    ProviderHttp,
    Attempts,
    AdmitPerson,
    BeginFederation,
    IdentityBook,
    SignOnProviders,
  ],
})
export class FederationModule {}
