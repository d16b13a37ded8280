import { Injectable } from '@nestjs/common';
import { OutboxHandler } from '../../../contracts/outbox.js';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { ERASURE_RECORDED_TOPIC } from '../core/erasures/committed-erasure-ledger.js';
import { CopyErasures } from '../core/erasures/copy-erasures.js';

/** Copies an erasure out of the database as soon as it has been committed. */
@Injectable()
export class CopyErasureAtOnce extends OutboxHandler {
  override readonly topic = ERASURE_RECORDED_TOPIC;

  constructor(private readonly copy: CopyErasures) {
    super();
  }

  override async handle(_payload: unknown, signal: AbortSignal): Promise<void> {
    await this.copy.run(signal);
  }
}

/** The same, for what the queue or the blob store was away for. */
@Injectable()
export class CopyErasuresJob extends RecurringJob {
  override readonly name = 'backups.copy-erasures';
  override readonly everySeconds = 60;

  constructor(private readonly copy: CopyErasures) {
    super();
  }

  override async run(signal: AbortSignal): Promise<void> {
    await this.copy.run(signal);
  }
}
