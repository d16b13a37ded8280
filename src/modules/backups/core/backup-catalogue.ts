import { Injectable } from '@nestjs/common';
import type { BackupClass } from '../../../contracts/backup-class.js';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { backupsErrors } from '../backups.errors.js';
import { BackupTables } from '../data/backup-tables.js';
import { BackupArchive } from './archive/backup-archive.js';
import type { BackupHeader } from './archive/backup-header.js';
import { isDue } from './backup-moments.js';

/** Who the audit log names when the worker does something about a backup by itself. */
export const BACKUPS_ACTOR: AuditActor = { kind: 'system', id: 'backups' };

/** The life of each backup on record: every step in the catalogue and, with it, in the audit log. */
@Injectable()
export class BackupCatalogue {
  constructor(
    private readonly tables: BackupTables,
    private readonly archive: BackupArchive,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `backups/replay_due`: what was restored and not yet put right is neither served nor backed up. */
  async installation(): Promise<string> {
    const { installation, replayDue } = await this.tables.installation();
    if (replayDue) throw backupsErrors.replay_due();
    return installation;
  }

  /** A backup of the moment this is called, kept for `days`. */
  async begin(installation: string, kind: BackupClass, days: number): Promise<BackupHeader> {
    const takenAt = this.clock.now();
    const header: BackupHeader = { id: newId(), installation, kind, takenAt, expiresAt: new Date(takenAt.getTime() + days * DAY_MS) };
    await this.tables.asSystem((tx) => this.tables.backups.begin(tx, header));
    return header;
  }

  complete(taken: BackupHeader & { readonly rows: number; readonly bytes: number }, actor: AuditActor): Promise<void> {
    return this.tables.asSystem(async (tx) => {
      await this.tables.backups.complete(tx, taken, taken);
      await this.audit.record(tx, {
        actor,
        action: 'backup.taken',
        organisationId: null,
        target: { type: 'backup', id: taken.id },
        detail: { kind: taken.kind, rows: taken.rows, bytes: taken.bytes, expiresAt: taken.expiresAt.toISOString() },
      });
    });
  }

  /** Says that a backup came to nothing, and removes what there is of it. What cannot be removed now is removed before the next one. */
  async fail(header: BackupHeader, code: string): Promise<void> {
    await this.archive.remove(header).then(
      () => this.tables.asSystem((tx) => this.tables.backups.failed(tx, header.id, code)),
      () => undefined,
    );
  }

  /**
   * Removes what processes that were killed have left. Only while no other backup can be running. One that has its manifest came to its end: a database that
   * was restored from it remembers it as it was then.
   */
  async clearInterrupted(installation: string, signal?: AbortSignal): Promise<void> {
    await this.reconcile(installation, await this.archive.list(installation));
    const running = await this.tables.asSystem((tx) => this.tables.backups.inState(tx, 'running'));
    for (const { id } of running) {
      await this.archive.remove({ id, installation }, signal);
      await this.tables.asSystem((tx) => this.tables.backups.failed(tx, id, 'backups/interrupted'));
    }
  }

  deleted(header: BackupHeader, removed: { readonly objects: number; readonly bytes: number }): Promise<void> {
    return this.tables.asSystem(async (tx) => {
      await this.tables.backups.deleted(tx, header, this.clock.now(), null);
      await this.audit.record(tx, {
        actor: BACKUPS_ACTOR,
        action: 'backup.deleted',
        organisationId: null,
        target: { type: 'backup', id: header.id },
        // Deleted and then asked for again: see `BackupArchive.remove`.
        detail: { kind: header.kind, takenAt: header.takenAt.toISOString(), ...removed, verified: true },
      });
    });
  }

  verified(header: BackupHeader, sound: boolean, actor: AuditActor): Promise<void> {
    return this.tables.asSystem(async (tx) => {
      await this.tables.backups.verified(tx, header.id, this.clock.now(), sound);
      await this.audit.record(tx, {
        actor,
        action: 'backup.verified',
        organisationId: null,
        target: { type: 'backup', id: header.id },
        detail: { kind: header.kind, sound },
      });
    });
  }

  /**
   * Makes the catalogue say what the store holds: backups made after the one this database was restored from are added, one that was due is noted as
   * deleted, and one that somebody else removed before its day as missing.
   */
  async reconcile(installation: string, stored: readonly BackupHeader[]): Promise<void> {
    const known = await this.tables.asSystem((tx) => this.tables.backups.inState(tx, 'complete'));
    const complete = new Set(known.map(({ id }) => id));
    const there = new Set(stored.map(({ id }) => id));
    for (const header of stored.filter(({ id }) => !complete.has(id))) {
      await this.tables.asSystem((tx) => this.tables.backups.complete(tx, header, null));
    }
    for (const row of known.filter(({ id }) => !there.has(id))) {
      // Its manifest goes last: the round that deleted it was killed before it could say so.
      if (isDue(row, this.clock.nowMs())) await this.deleted({ ...row, installation }, { objects: 0, bytes: 0 });
      else await this.missing({ ...row, installation });
    }
  }

  private missing(header: BackupHeader): Promise<void> {
    return this.tables.asSystem(async (tx) => {
      await this.tables.backups.deleted(tx, header, this.clock.now(), 'backups/missing');
      await this.audit.record(tx, {
        actor: BACKUPS_ACTOR,
        action: 'backup.missed',
        organisationId: null,
        target: { type: 'backup', id: header.id },
        detail: { kind: header.kind, takenAt: header.takenAt.toISOString() },
      });
    });
  }
}
