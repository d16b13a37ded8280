import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { backupsErrors } from '../backups.errors.js';
import { BackupsRepository, type CatalogueRow } from '../data/backups.repository.js';
import { InstallationRepository } from '../data/installation.repository.js';
import { BackupArchive } from './archive/backup-archive.js';
import type { BackupHeader } from './archive/backup-header.js';

/** Who the audit log names when the worker does something about a backup by itself. */
export const BACKUPS_ACTOR: AuditActor = { kind: 'system', id: 'backups' };

/** The life of each backup on record: every step in the catalogue and, with it, in the audit log. */
@Injectable()
export class BackupCatalogue {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly backups: BackupsRepository,
    private readonly installations: InstallationRepository,
    private readonly archive: BackupArchive,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `backups/replay_due`: what was restored and not yet put right is neither served nor backed up. */
  async installation(): Promise<string> {
    const { installation, replayDue } = await this.unitOfWork.asSystem((tx) => this.installations.read(tx));
    if (replayDue) throw backupsErrors.replay_due();
    return installation;
  }

  begin(header: BackupHeader): Promise<void> {
    return this.unitOfWork.asSystem((tx) => this.backups.begin(tx, header));
  }

  complete(taken: BackupHeader & { readonly rows: number; readonly bytes: number }, actor: AuditActor): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.backups.complete(tx, taken, taken);
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
      () => this.unitOfWork.asSystem((tx) => this.backups.failed(tx, header.id, code)),
      () => undefined,
    );
  }

  /** Removes what processes that were killed have left. Only while no other backup can be running. */
  async clearInterrupted(installation: string, signal?: AbortSignal): Promise<void> {
    const running = await this.unitOfWork.asSystem((tx) => this.backups.inState(tx, 'running'));
    for (const { id } of running) {
      await this.archive.remove({ id, installation }, signal);
      await this.unitOfWork.asSystem((tx) => this.backups.failed(tx, id, 'backups/interrupted'));
    }
  }

  deleted(header: BackupHeader, removed: { readonly objects: number; readonly bytes: number }): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.backups.deleted(tx, header, this.clock.now(), null);
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
    return this.unitOfWork.asSystem(async (tx) => {
      await this.backups.verified(tx, header.id, this.clock.now(), sound);
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
   * Makes the catalogue say what the store holds: backups made after the one this database was restored from are added, and one that somebody else
   * removed is noted as missing.
   */
  async reconcile(installation: string, stored: readonly BackupHeader[]): Promise<void> {
    const known = await this.unitOfWork.asSystem((tx) => this.backups.inState(tx, 'complete'));
    const complete = new Set(known.map(({ id }) => id));
    const there = new Set(stored.map(({ id }) => id));
    for (const header of stored.filter(({ id }) => !complete.has(id))) {
      await this.unitOfWork.asSystem((tx) => this.backups.complete(tx, header, null));
    }
    for (const row of known.filter(({ id }) => !there.has(id))) await this.missing({ ...row, installation });
  }

  find(header: Pick<BackupHeader, 'id'>): Promise<CatalogueRow | null> {
    return this.unitOfWork.asSystem((tx) => this.backups.find(tx, header.id));
  }

  private missing(header: BackupHeader): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      await this.backups.deleted(tx, header, this.clock.now(), 'backups/missing');
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
