import { Injectable } from '@nestjs/common';
import { BackupTables } from '../../data/backup-tables.js';
import { ErasureCopies } from './erasure-copies.js';

const BATCH = 500;

/**
 * Copies what the ledger has recorded since the last time out of the database, so that a restore of an older one finds it (D4). A process that is
 * killed between the copy and its note copies again, and records are told apart by their ids.
 */
@Injectable()
export class CopyErasures {
  constructor(
    private readonly tables: BackupTables,
    private readonly copies: ErasureCopies,
  ) {}

  /** Answers how many it copied. */
  async run(signal?: AbortSignal): Promise<number> {
    let copied = 0;
    for (;;) {
      signal?.throwIfAborted();
      const records = await this.tables.asSystem((tx) => this.tables.erasures.notCopied(tx, BATCH));
      if (records.length === 0) return copied;
      const { installation } = await this.tables.installation();
      const key = await this.copies.write(installation, records, signal);
      const ids = records.map(({ id }) => id);
      await this.tables.asSystem((tx) => this.tables.erasures.copied(tx, ids, key));
      copied += records.length;
    }
  }
}
