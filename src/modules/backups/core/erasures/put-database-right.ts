import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { RestoredDatabase } from '../../backups.contract.js';
import { ReplayErasures } from './replay-erasures.js';
import { ReplayTurn } from './replay-turn.js';

/**
 * {@link RestoredDatabase}. The ledger's copies are compared with the database at each start, so a database that was brought back by other means than
 * `lethe restore` is put right too.
 */
@Injectable()
export class PutDatabaseRight extends RestoredDatabase {
  constructor(
    private readonly turn: ReplayTurn,
    private readonly replay: ReplayErasures,
    private readonly settings: Settings,
    private readonly log: Log,
  ) {
    super();
  }

  /**
   * On a database that `lethe restore` has made every failure stops the start. On any other a blob store that is away does not: it is then logged, and
   * looked at again at the next start.
   */
  override async putRight(): Promise<void> {
    const isDue = await this.replay.isDue();
    // A gateway alone has no business with the blob store, and a process beside it looks.
    if (!isDue && !this.settings.roles.some((role) => role !== 'gateway')) return;
    try {
      const replayed = await this.turn.take(() => this.replay.run());
      if (replayed > 0) this.log.warn('did erasures again that this database did not know of', { component: 'backups', count: replayed });
    } catch (error) {
      if (isDue) throw error;
      this.log.error('the erasure ledger beside the database could not be compared with it', { component: 'backups', err: error });
    }
  }
}
