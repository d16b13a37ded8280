import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Requires } from '../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import { ListAuditEvents } from '../core/list-audit-events.js';
import type { AuditEventId } from '../data/audit-event.entity.js';
import { AuditEventDto, AuditEventsQuery } from './audit-events.dto.js';

/** What happened in the installation itself: staff, their tokens, duties and calls. No event of an organisation is among it. */
@ApiTags('Audit')
@Controller('admin/v1/audit-events')
export class InstallationAuditController {
  constructor(private readonly events: ListAuditEvents) {}

  /** Lists the audit events of the installation itself, newest first. */
  @Get()
  @Requires('installation_audit:read')
  @ApiPage(AuditEventDto)
  async list(@Query() query: AuditEventsQuery): Promise<Page<AuditEventDto>> {
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as AuditEventId | undefined;
    const { action, targetType, targetId } = query;
    const rows = await this.events.run(null, { action, targetType, targetId, before, limit: query.limit + 1 });
    return pageOf(rows, query.limit, ({ id }) => ({ id }), AuditEventDto.of);
  }
}
