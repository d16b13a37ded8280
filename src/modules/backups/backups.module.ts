import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Clock } from '../../kernel/clock.js';
import { ErasureLedger } from '../../contracts/erasure-ledger.js';
import { AuditModule } from '../audit/audit.module.js';
import { RestoredDatabase } from './backups.contract.js';
import { BackupArchive } from './core/archive/backup-archive.js';
import { BackupCatalogue } from './core/backup-catalogue.js';
import { BackupWindows } from './core/backup-windows.js';
import { DrillBackup } from './core/drill-backup.js';
import { CommittedErasureLedger } from './core/erasures/committed-erasure-ledger.js';
import { CopyErasures } from './core/erasures/copy-erasures.js';
import { ErasureCopies } from './core/erasures/erasure-copies.js';
import { ErasureExpiry } from './core/erasures/erasure-expiry.js';
import { ExpireErasures } from './core/erasures/expire-erasures.js';
import { PutDatabaseRight } from './core/erasures/put-database-right.js';
import { ReplayErasures } from './core/erasures/replay-erasures.js';
import { ReplayTurn } from './core/erasures/replay-turn.js';
import { Replayers } from './core/erasures/replayers.js';
import { UnknownErasures } from './core/erasures/unknown-erasures.js';
import { ExpireBackups } from './core/expire-backups.js';
import { ReadBackupState } from './core/read-backup-state.js';
import { TakeBackup } from './core/take-backup.js';
import { TakeDueBackups } from './core/take-due-backups.js';
import { WriteBackup } from './core/write-backup.js';
import { BackupTables } from './data/backup-tables.js';
import './data/backups.inventory.js';
import { BackupsRepository } from './data/backups.repository.js';
import { ErasuresRepository } from './data/erasures.repository.js';
import { InstallationRepository } from './data/installation.repository.js';
import { CopyErasureAtOnce, CopyErasuresJob } from './jobs/copy-erasures.job.js';
import { RestoreBackup } from './core/restore/restore-backup.js';
import { ScratchPlace } from './core/restore/scratch-place.js';
import { DrillBackupsJob } from './jobs/drill-backups.job.js';
import { TakeBackupsJob } from './jobs/take-backups.job.js';

/** Backups, and what a restore must not undo. Offers {@link ErasureLedger} to every module, and {@link RestoredDatabase} to whoever starts. */
@Global()
@Module({
  imports: [DiscoveryModule, AuditModule],
  providers: [
    InstallationRepository,
    BackupsRepository,
    ErasuresRepository,
    BackupTables,
    BackupWindows,
    BackupArchive,
    BackupCatalogue,
    WriteBackup,
    TakeBackup,
    TakeDueBackups,
    ExpireBackups,
    ReadBackupState,
    {
      provide: RestoreBackup,
      useFactory: (...parts: ConstructorParameters<typeof RestoreBackup>) => new RestoreBackup(...parts),
      inject: [BackupArchive, ErasureCopies, Clock],
    },
    ScratchPlace,
    DrillBackup,
    { provide: ErasureLedger, useClass: CommittedErasureLedger },
    ErasureCopies,
    CopyErasures,
    Replayers,
    UnknownErasures,
    ReplayErasures,
    ReplayTurn,
    ErasureExpiry,
    ExpireErasures,
    { provide: RestoredDatabase, useClass: PutDatabaseRight },
    TakeBackupsJob,
    DrillBackupsJob,
    CopyErasureAtOnce,
    CopyErasuresJob,
  ],
  exports: [ErasureLedger, RestoredDatabase],
})
export class BackupsModule {}
