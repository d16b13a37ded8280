import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit.contract.js';
import { AuditExpiry } from './core/audit-expiry.js';
import { CommittedAuditLog } from './core/committed-audit-log.js';
import { ListAuditEvents } from './core/list-audit-events.js';
import { CheckpointSigner } from './core/log/checkpoint-signer.js';
import { ExportBundle } from './core/log/export-bundle.js';
import { LogKey } from './core/log/log-key.js';
import { ReadLogState } from './core/log/read-log-state.js';
import { ReadProofs } from './core/log/read-proofs.js';
import { SequenceEvents } from './core/log/sequence-events.js';
import { SignCheckpoint } from './core/log/sign-checkpoint.js';
import { SignedMemory } from './core/log/signed-memory.js';
import { CheckpointDestinations } from './core/publishing/checkpoint-destinations.js';
import { PublishCheckpoints } from './core/publishing/publish-checkpoints.js';
import { AuditCheckpointsRepository } from './data/audit-checkpoints.repository.js';
import { AuditEntriesRepository } from './data/audit-entries.repository.js';
import { AuditEventEntity } from './data/audit-event.entity.js';
import { AuditEventsRepository } from './data/audit-events.repository.js';
import './data/audit-log.inventory.js';
import { AuditLogTables } from './data/audit-log-tables.js';
import { AuditSequenceRepository } from './data/audit-sequence.repository.js';
import { AuditTilesRepository } from './data/audit-tiles.repository.js';
import { AuditBundlesController } from './http/audit-bundles.controller.js';
import { AuditEventsController } from './http/audit-events.controller.js';
import { AuditLogController } from './http/audit-log.controller.js';
import { InstallationAuditController } from './http/installation-audit.controller.js';
import { PublishCheckpointsJob } from './jobs/publish-checkpoints.job.js';
import { SequenceAuditLogJob } from './jobs/sequence-audit-log.job.js';

/** The audit log, and the transparency log over it. Offers {@link AuditLog}. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditEventEntity])],
  controllers: [AuditEventsController, InstallationAuditController, AuditLogController, AuditBundlesController],
  providers: [
    AuditEventsRepository,
    ListAuditEvents,
    AuditExpiry,
    { provide: AuditLog, useClass: CommittedAuditLog },
    AuditSequenceRepository,
    AuditTilesRepository,
    AuditCheckpointsRepository,
    AuditEntriesRepository,
    AuditLogTables,
    LogKey,
    SignedMemory,
    CheckpointSigner,
    SequenceEvents,
    SignCheckpoint,
    ReadProofs,
    ReadLogState,
    ExportBundle,
    CheckpointDestinations,
    PublishCheckpoints,
    SequenceAuditLogJob,
    PublishCheckpointsJob,
  ],
  exports: [AuditLog],
})
export class AuditModule {}
