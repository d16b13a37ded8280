import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** Which installation this database belongs to, and where it came from. */
export interface InstallationRow {
  readonly installation: string;
  readonly restoredBackup: string | null;
  /** A restore was made and the erasures since its backup have not been done again. */
  readonly replayDue: boolean;
}

@Injectable()
export class InstallationRepository {
  async read(tx: Tx): Promise<InstallationRow> {
    const [row] = await tx.query<InstallationRow[]>(
      'SELECT installation_id AS installation, restored_backup AS "restoredBackup", replay_due AS "replayDue" FROM installation',
    );
    return present(row, 'the installation');
  }

  async replayed(tx: Tx): Promise<void> {
    await tx.query('UPDATE installation SET replay_due = false');
  }
}
