import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import { CurrentPrincipal, Requires } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ReadBreakGlass } from '../../core/break-glass/read-break-glass.js';
import { BreakGlassDto } from './break-glass.dto.js';

@ApiTags('Break-glass')
@Controller('api/v1/organisations/:organisationId/break-glass')
export class OrganisationBreakGlassController {
  constructor(
    private readonly reading: ReadBreakGlass,
    private readonly clock: Clock,
  ) {}

  /** Lists when staff of the operator opened this organisation's data, why and until when, newest first. What they read is in the audit log. */
  @Get()
  @Requires('audit:read')
  @ApiPage(BreakGlassDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<BreakGlassDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as BreakGlassId | undefined;
    const rows = await this.reading.listOf(organisationId, before, query.limit + 1);
    const nowMs = this.clock.nowMs();
    return pageOf(
      rows,
      query.limit,
      ({ id }) => ({ id }),
      (grant) => BreakGlassDto.of(grant, nowMs),
    );
  }
}
