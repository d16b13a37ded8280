import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { RewrapSecrets } from '../core/rewrap-secrets.js';

/** Follows a rotation of the root key by itself. Costs two queries when there is nothing to do. */
@Injectable()
export class RewrapSecretsJob extends RecurringJob {
  override readonly name = 'federation.rewrap-secrets';
  override readonly everySeconds = 900;

  constructor(private readonly secrets: RewrapSecrets) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.secrets.run(signal);
  }
}
