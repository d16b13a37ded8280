import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Settings } from '../../../platform/config/settings.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import { SequenceEvents } from '../core/log/sequence-events.js';
import { SignCheckpoint } from '../core/log/sign-checkpoint.js';

/** Takes what was committed into the transparency log and signs it. */
@Injectable()
export class SequenceAuditLogJob extends RecurringJob {
  readonly name = 'audit.sequence';
  readonly everySeconds = 5;

  constructor(
    private readonly sequence: SequenceEvents,
    private readonly sign: SignCheckpoint,
    private readonly settings: Settings,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    const { size } = await this.sequence.run(signal);
    this.metrics.auditLogGrew(size);
    const checkpoint = await this.sign.run(this.settings.auditCheckpointSeconds);
    if (checkpoint) this.metrics.auditCheckpointSigned(checkpoint.size, checkpoint.signedAt.getTime() / 1_000);
  }
}
