import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit.contract.js';
import { AuditExpiry } from './core/audit-expiry.js';
import { CommittedAuditLog } from './core/committed-audit-log.js';
import { ListAuditEvents } from './core/list-audit-events.js';
import { AuditEventEntity } from './data/audit-event.entity.js';
import { AuditEventsRepository } from './data/audit-events.repository.js';
import { AuditEventsController } from './http/audit-events.controller.js';

/** The audit log. Offers {@link AuditLog}. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditEventEntity])],
  controllers: [AuditEventsController],
  providers: [AuditEventsRepository, ListAuditEvents, AuditExpiry, { provide: AuditLog, useClass: CommittedAuditLog }],
  exports: [AuditLog],
})
export class AuditModule {}
