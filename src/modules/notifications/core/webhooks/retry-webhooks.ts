import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { DeliveriesRepository } from '../../data/deliveries.repository.js';
import { DeliverWebhook } from './deliver-webhook.js';

/** One that never answers takes its whole time each time: a few of it in a round, and many endpoints beside each other. */
const MOST = { perEndpoint: 4, all: 200 };
const AT_ONCE = 16;

/** Makes the attempts that have come due, wherever the one before was made. */
@Injectable()
export class RetryWebhooks {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveriesRepository,
    private readonly deliver: DeliverWebhook,
    private readonly clock: Clock,
  ) {}

  /** Answers how many were due. One that fails in an unexpected way is due again when its lease is over, and does not stop the others. */
  async run(signal: AbortSignal): Promise<number> {
    const due = await this.unitOfWork.asSystem((tx) => this.deliveries.due(tx, this.clock.now(), MOST));
    const left = due.values();
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      for (const id of left) {
        if (signal.aborted) return;
        await this.deliver.run(id, signal).catch((error: unknown) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    if (failures.length > 0) throw failures[0];
    return due.length;
  }
}
