import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';

/**
 * Takes what is left of destroyed keys off the disk. PostgreSQL keeps an updated row in the table's file until it needs the room, so the file is written
 * anew. The table is locked for the moment that takes; a transaction with an older snapshot that comes to the table only afterwards would find it
 * empty, which is why whoever copies it (a backup) locks it first.
 */
@Injectable()
export class ScrubContentKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ContentKeysRepository,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Answers how many destroyed keys were waiting for it. Rejects when somebody holds the table; the next round tries again. */
  run(): Promise<number> {
    return this.unitOfWork.asSystem(async (tx) => ((await this.keys.hasUnscrubbed(tx)) ? this.keys.scrub(tx, this.clock.now()) : 0));
  }

  /** At once if it can be done now, and in the next round of the job otherwise. */
  async tryNow(): Promise<void> {
    await this.run().catch((error: unknown) => {
      this.log.info('the table of content keys is in use; a worker will write it anew', { component: 'content', err: error });
    });
  }
}
