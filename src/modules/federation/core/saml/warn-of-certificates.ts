import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Notices, OrganisationMail } from '../../../notifications/notifications.contract.js';
import { type CertificateWarning, type ProviderCertificates, SamlCertificatesRepository } from '../../data/saml-certificates.repository.js';
import { certificateState, readCertificate } from './provider-certificate.js';

/** A provider that is about to have, or has, no certificate left that has not expired. */
export interface EndingProvider extends Pick<ProviderCertificates, 'providerId' | 'organisationId'> {
  readonly state: CertificateWarning;
  /** When the last of its certificates ends. */
  readonly until: Date;
}

/** How an organisation is told: a notice, a webhook event, and a mail to each owner and admin. */
@Injectable()
export class CertificateNews {
  constructor(
    private readonly notices: Notices,
    private readonly mail: OrganisationMail,
  ) {}

  async tell(tx: Tx, provider: string, { providerId, organisationId, state, until: end }: EndingProvider): Promise<void> {
    const until = end.toISOString();
    await this.notices.tellOrganisation(tx, organisationId, 'certificate_expiring', { providerId, state, until });
    await this.mail.send(tx, 'certificate_expiring', { organisationId, roles: ['owner', 'admin'] }, { provider, until });
  }
}

/** Tells organisations of SAML providers whose certificates run out: once when it is soon, and once when it has come to that. */
@Injectable()
export class WarnOfCertificates {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly certificates: SamlCertificatesRepository,
    private readonly news: CertificateNews,
    private readonly clock: Clock,
  ) {}

  /** Answers all such providers, whether their organisations were told now or before. */
  async run(): Promise<EndingProvider[]> {
    const providers = await this.unitOfWork.asSystem((tx) => this.certificates.ofActiveProviders(tx));
    const ending: EndingProvider[] = [];
    for (const provider of providers) {
      const end = this.endOf(provider);
      if (end !== null) ending.push(end);
      if ((end?.state ?? null) !== provider.told) await this.tell(provider, end);
    }
    return ending;
  }

  /** Null while one of them is valid for long. */
  private endOf({ providerId, organisationId, certificates }: ProviderCertificates): EndingProvider | null {
    const read = certificates.map(readCertificate);
    const until = new Date(Math.max(...read.map(({ notAfter }) => notAfter.getTime())));
    const state = certificateState({ notAfter: until }, this.clock.nowMs());
    return state === 'valid' ? null : { providerId, organisationId, state, until };
  }

  /** That all is well again is no news, but what comes after it is. */
  private async tell(provider: ProviderCertificates, end: EndingProvider | null): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      const isFirst = await this.certificates.markTold(tx, provider, end?.state ?? null);
      if (!isFirst || end === null) return;
      await this.news.tell(tx, provider.name, end);
    });
  }
}
