import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { BackupsRepository } from './backups.repository.js';
import { ErasuresRepository } from './erasures.repository.js';
import { InstallationRepository, type InstallationRow } from './installation.repository.js';

/** The tables of backups: only the system reads them. */
@Injectable()
export class BackupTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    readonly backups: BackupsRepository,
    readonly erasures: ErasuresRepository,
    private readonly installations: InstallationRepository,
  ) {}

  asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.unitOfWork.asSystem(work);
  }

  installation(): Promise<InstallationRow> {
    return this.asSystem((tx) => this.installations.read(tx));
  }

  /** By the database server's clock. */
  async serverTime(): Promise<Date> {
    const [row] = await this.asSystem((tx) => tx.query<{ at: Date }[]>('SELECT clock_timestamp() AS at'));
    return present(row, 'the time').at;
  }

  /** What had to be done again has been. */
  replayed(tx: Tx): Promise<void> {
    return this.installations.replayed(tx);
  }
}
