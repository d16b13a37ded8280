import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RewrapTotpSecrets } from '../core/second-factor/rewrap-totp-secrets.js';

/** Follows a rotation of the root key by itself. Costs one query when there is nothing to do. */
@Injectable()
export class RewrapTotpSecretsJob extends RecurringJob {
  override readonly name = 'accounts.rewrap-totp-secrets';
  override readonly everySeconds = 900;

  constructor(private readonly rewrap: RewrapTotpSecrets) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.rewrap.run(signal);
  }
}
