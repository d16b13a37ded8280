import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { LegalHoldId } from '../../../contracts/legal-holds.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ReadHolds } from '../core/holds/read-holds.js';
import { LegalHoldDto } from './legal-holds.dto.js';

@ApiTags('Legal holds')
@Controller('api/v1/organisations/:organisationId/legal-holds')
export class OrganisationHoldsController {
  constructor(private readonly reading: ReadHolds) {}

  /** Lists the legal holds that name this organisation, newest first: what is kept beyond its window, and for which matter (D5). */
  @Get()
  @Requires('holds:read')
  @ApiPage(LegalHoldDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<LegalHoldDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as LegalHoldId | undefined;
    const rows = await this.reading.listOf(organisationId, before, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), LegalHoldDto.of);
  }
}
