import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { backupsErrors } from '../../backups.errors.js';
import { BackupTables } from '../../data/backup-tables.js';
import type { ErasureRow } from '../../data/erasures.repository.js';
import type { InstallationRow } from '../../data/installation.repository.js';
import { BackupArchive } from '../archive/backup-archive.js';
import { ErasureCopies } from './erasure-copies.js';

/** An erasure that this database has not made, and the copy that tells of it. */
export interface UnknownErasure {
  readonly record: ErasureRow;
  readonly copy: string;
}

/** Compares the ledger's copies with the database. */
@Injectable()
export class UnknownErasures {
  constructor(
    private readonly tables: BackupTables,
    private readonly copies: ErasureCopies,
    private readonly archive: BackupArchive,
    private readonly clock: Clock,
  ) {}

  /** In the order they were recorded. Raises `backups/damaged`, `blob/*` and `kms/*`: a copy that cannot be read may hold an erasure. */
  async find(installation: string): Promise<UnknownErasure[]> {
    const known = await this.tables.asSystem((tx) => this.tables.erasures.copies(tx));
    const found: UnknownErasure[] = [];
    const today = utcDay(this.clock.nowMs());
    for await (const { key, lastDay } of this.copies.list(installation)) {
      // Past their last day no backup from before them can be restored.
      if (known.has(key) || lastDay < today) continue;
      const records = await this.copies.read(key);
      const ids = records.map(({ id }) => id);
      const there = await this.tables.asSystem((tx) => this.tables.erasures.known(tx, ids));
      found.push(...records.filter(({ id }) => !there.has(id)).map((record) => ({ record, copy: key })));
    }
    return found.sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  }

  /** An empty store says that nothing was erased. It must not be believed when it is not the one the backup came from: `backups/ledger_not_here`. */
  async requireSameStore({ installation, restoredBackup }: InstallationRow): Promise<void> {
    const there = await this.archive.list(installation);
    if (!there.some(({ id }) => id === restoredBackup)) throw backupsErrors.ledger_not_here();
  }
}
