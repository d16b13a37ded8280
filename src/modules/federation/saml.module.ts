import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { AdministerSamlProvider } from './core/saml/administer-saml-provider.js';
import { BeginSaml } from './core/saml/begin-saml.js';
import { ConsumeResponse } from './core/saml/consume-response.js';
import { FinishSaml } from './core/saml/finish-saml.js';
import { ProviderSource } from './core/saml/provider-source.js';
import { SamlConnections } from './core/saml/saml-connections.js';
import { SamlExchanges } from './core/saml/saml-exchanges.js';
import { CertificateNews, WarnOfCertificates } from './core/saml/warn-of-certificates.js';
import { SamlAnswer } from './data/saml-answer.entity.js';
import { SamlAnswersRepository } from './data/saml-answers.repository.js';
import { SamlCertificatesRepository } from './data/saml-certificates.repository.js';
import { FederationModule } from './federation.module.js';
import { SamlConsumerController } from './http/saml/saml-consumer.controller.js';
import { SamlMetadataController } from './http/saml/saml-metadata.controller.js';
import { SamlProvidersController } from './http/saml/saml-providers.controller.js';
import { SamlSignInController } from './http/saml/saml-sign-in.controller.js';
import { SweepSamlJob } from './jobs/sweep-saml.job.js';
import { WarnCertificatesJob } from './jobs/warn-certificates.job.js';

/** Sign-in through SAML 2.0 identity providers of organisations. Whom they bring is admitted by the rules for every provider. */
@Module({
  imports: [TypeOrmModule.forFeature([SamlAnswer]), AccountsModule, FederationModule, NotificationsModule],
  controllers: [SamlSignInController, SamlConsumerController, SamlMetadataController, SamlProvidersController],
  providers: [
    SamlAnswersRepository,
    ProviderSource,
    AdministerSamlProvider,
    SamlConnections,
    SamlExchanges,
    BeginSaml,
    ConsumeResponse,
    FinishSaml,
    SamlCertificatesRepository,
    CertificateNews,
    WarnOfCertificates,
    SweepSamlJob,
    WarnCertificatesJob,
  ],
  // For people's own identities.
  exports: [BeginSaml],
})
export class SamlModule {}
