import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { ErasuresRepository } from '../../data/erasures.repository.js';
import { InstallationRepository } from '../../data/installation.repository.js';
import { ErasureCopies } from './erasure-copies.js';

const BATCH = 500;

/**
 * Copies what the ledger has recorded since the last time out of the database, so that a restore of an older one finds it (D4). A process that is
 * killed between the copy and its note copies again, and records are told apart by their ids.
 */
@Injectable()
export class CopyErasures {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly erasures: ErasuresRepository,
    private readonly installations: InstallationRepository,
    private readonly copies: ErasureCopies,
  ) {}

  /** Answers how many it copied. */
  async run(signal?: AbortSignal): Promise<number> {
    let copied = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { records, installation } = await this.unitOfWork.asSystem(async (tx) => ({
        records: await this.erasures.notCopied(tx, BATCH),
        installation: (await this.installations.read(tx)).installation,
      }));
      if (records.length === 0) return copied;
      const key = await this.copies.write(installation, records, signal);
      const ids = records.map(({ id }) => id);
      await this.unitOfWork.asSystem((tx) => this.erasures.copied(tx, ids, key));
      copied += records.length;
    }
  }
}
