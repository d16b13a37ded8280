import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { ProveDomainsAgain } from '../core/prove-domains-again.js';

/** Looks once a day whether proven domains still say whose they are. */
@Injectable()
export class ProveDomainsAgainJob extends RecurringJob {
  override readonly name = 'federation.prove-domains-again';
  override readonly everySeconds = 86_400;

  constructor(private readonly domains: ProveDomainsAgain) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.domains.run(signal);
  }
}
