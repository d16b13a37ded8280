import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ListAuditEvents } from '../core/list-audit-events.js';
import type { AuditEventId } from '../data/audit-event.entity.js';
import { AuditEventDto, AuditEventsQuery } from './audit-events.dto.js';

@ApiTags('Audit')
@Controller('api/v1')
export class AuditEventsController {
  constructor(private readonly events: ListAuditEvents) {}

  /** Lists the audit events of all organisations and of the installation itself, newest first. */
  @Get('audit-events')
  @Requires('audit:read')
  @ApiPage(AuditEventDto)
  listAll(@Query() query: AuditEventsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<AuditEventDto>> {
    return this.page(organisationScope(principal), query);
  }

  /** Lists the audit events of one organisation, newest first. */
  @Get('organisations/:organisationId/audit-events')
  @Requires('audit:read')
  @ApiPage(AuditEventDto)
  list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: AuditEventsQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<AuditEventDto>> {
    return this.page(organisationScope(principal, organisationId), query);
  }

  private async page(organisationId: OrganisationId | undefined, query: AuditEventsQuery): Promise<Page<AuditEventDto>> {
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as AuditEventId | undefined;
    const { action, targetType, targetId } = query;
    const rows = await this.events.run(organisationId, { action, targetType, targetId, before, limit: query.limit + 1 });
    return pageOf(rows, query.limit, ({ id }) => ({ id }), AuditEventDto.of);
  }
}
