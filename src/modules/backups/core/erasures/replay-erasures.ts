import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../audit/audit.contract.js';
import { backupsErrors } from '../../backups.errors.js';
import { BackupTables } from '../../data/backup-tables.js';
import type { InstallationRow } from '../../data/installation.repository.js';
import { BACKUPS_ACTOR } from '../backup-catalogue.js';
import { Replayers } from './replayers.js';
import { type UnknownErasure, UnknownErasures } from './unknown-erasures.js';

/** Does erasures again that this database does not know of, each in a transaction of its own (D4, D5). One process at a time. */
@Injectable()
export class ReplayErasures {
  constructor(
    private readonly tables: BackupTables,
    private readonly unknown: UnknownErasures,
    private readonly replayers: Replayers,
    private readonly audit: AuditLog,
  ) {}

  /** Whether `lethe restore` made this database, and nobody has replayed on it since. */
  async isDue(): Promise<boolean> {
    return (await this.tables.installation()).replayDue;
  }

  /** Answers how many. Raises `backups/ledger_not_here`, `backups/no_replayer`, `backups/damaged`, `blob/*` and `kms/*`. */
  async run(): Promise<number> {
    const state = await this.tables.installation();
    if (state.replayDue) await this.unknown.requireSameStore(state);
    const replayed = await this.replay(await this.unknown.find(state.installation));
    if (state.replayDue) await this.settle(state, replayed);
    return replayed;
  }

  private async replay(erasures: readonly UnknownErasure[]): Promise<number> {
    const replayers = this.replayers.byKind();
    const missing = erasures.find(({ record }) => !replayers.has(record.kind));
    if (missing) throw backupsErrors.no_replayer({ details: { kind: missing.record.kind } });
    for (const { record } of erasures) {
      await this.tables.asSystem(async (tx) => {
        // The same record may be in two copies.
        if ((await this.tables.erasures.known(tx, [record.id])).has(record.id)) return;
        await replayers.get(record.kind)?.replay(tx, record);
        await this.tables.erasures.append(tx, record);
      });
    }
    await this.noteCopies(erasures);
    return erasures.length;
  }

  /**
   * A copy counts as known from its first record on, so none is noted before all of its records are there: after a start that was killed in the middle
   * the next one reads it again.
   */
  private async noteCopies(erasures: readonly UnknownErasure[]): Promise<void> {
    const byCopy = Map.groupBy(erasures, ({ copy }) => copy);
    await this.tables.asSystem(async (tx) => {
      for (const [copy, its] of byCopy) {
        const ids = its.map(({ record }) => record.id);
        await this.tables.erasures.copied(tx, ids, copy);
      }
    });
  }

  private settle({ restoredBackup }: InstallationRow, replayed: number): Promise<void> {
    return this.tables.asSystem(async (tx) => {
      await this.tables.replayed(tx);
      await this.audit.record(tx, {
        actor: BACKUPS_ACTOR,
        action: 'backup.restored',
        organisationId: null,
        target: { type: 'backup', id: restoredBackup ?? '' },
        detail: { replayed },
      });
    });
  }
}
