import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { PublishCheckpoints } from '../core/publishing/publish-checkpoints.js';

/** Carries checkpoints out of the house. Apart from signing, so that a destination that is away holds nothing up. */
@Injectable()
export class PublishCheckpointsJob extends RecurringJob {
  readonly name = 'audit.publish-checkpoints';
  readonly everySeconds = 15;

  constructor(
    private readonly publish: PublishCheckpoints,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    for (const { destination, published, failure } of await this.publish.run(signal)) {
      for (let times = 0; times < published; times += 1) this.metrics.auditPublicationEnded(destination.kind, 'published');
      if (failure === undefined) continue;
      this.metrics.auditPublicationEnded(destination.kind, 'failed');
      this.log.error('a checkpoint of the audit log could not be published; it is tried again', {
        component: 'audit',
        reason: destination.kind,
        err: failure,
      });
    }
  }
}
