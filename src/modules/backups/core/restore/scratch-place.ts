import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { DatabaseAddress } from '../../../../platform/database/database-address.js';
import { backupsErrors } from '../../backups.errors.js';
import { onScratchDatabase } from './scratch-database.js';
import { bringsNoServer, onScratchServer } from './scratch-server.js';

/** Where a backup is restored for a test: on a server of its own where Lethe brings one, else beside the database where the operator allows it. */
@Injectable()
export class ScratchPlace {
  constructor(
    private readonly settings: Settings,
    private readonly address: DatabaseAddress,
  ) {}

  /** Hands an empty database to `work`, and removes it. Raises `backups/no_scratch` and `backups/drill_running`. */
  async run<T>(work: (url: string) => Promise<T>): Promise<T> {
    try {
      return await onScratchServer(this.settings.dataDirectory, work);
    } catch (error) {
      if (!bringsNoServer(error)) throw error;
      if (!this.settings.backupDrillOnServer) throw backupsErrors.no_scratch({ cause: error });
    }
    return onScratchDatabase(this.address.ownerUrl, work);
  }
}
