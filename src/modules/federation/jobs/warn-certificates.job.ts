import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { certificateState, readCertificate } from '../core/saml/provider-certificate.js';
import { SamlCertificatesRepository } from '../data/saml-certificates.repository.js';

/** Says once a day which SAML providers will soon have no certificate left that has not expired. */
@Injectable()
export class WarnCertificatesJob extends RecurringJob {
  override readonly name = 'federation.warn-certificates';
  override readonly everySeconds = 86_400;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly certificates: SamlCertificatesRepository,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const providers = await this.unitOfWork.asSystem((tx) => this.certificates.ofActiveProviders(tx));
    const nowMs = this.clock.nowMs();
    for (const { providerId, organisationId, certificates } of providers) {
      const states = certificates.map((pem) => certificateState(readCertificate(pem), nowMs));
      if (states.includes('valid')) continue;
      const state = states.includes('expires_soon') ? 'expires_soon' : 'expired';
      this.log.warn('the last certificate of a SAML provider expires', { component: 'federation', providerId, organisationId, state });
    }
  }
}
