import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { WarnOfCertificates } from '../core/saml/warn-of-certificates.js';

/** Says once a day which SAML providers will soon have no certificate left that has not expired; their organisations hear of it once. */
@Injectable()
export class WarnCertificatesJob extends RecurringJob {
  override readonly name = 'federation.warn-certificates';
  override readonly everySeconds = 86_400;

  constructor(
    private readonly warning: WarnOfCertificates,
    private readonly log: Log,
  ) {
    super();
  }

  override async run(): Promise<void> {
    for (const { providerId, organisationId, state } of await this.warning.run()) {
      this.log.warn('the last certificate of a SAML provider expires', { component: 'federation', providerId, organisationId, state });
    }
  }
}
