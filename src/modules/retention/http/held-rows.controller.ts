import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { LegalHoldId } from '../../../contracts/legal-holds.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ReadHeldRows } from '../core/holds/read-held-rows.js';
import { HeldRowDto, HeldRowsQuery } from './held-rows.dto.js';

@ApiTags('Legal holds')
@Controller('admin/v1/legal-holds/:holdId/rows')
export class HeldRowsController {
  constructor(private readonly reading: ReadHeldRows) {}

  /**
   * Reads the rows that are kept aside for a hold, for a purpose. The audit log of the organisation tells of each page. What is secret and what is sealed is
   * not shown. A member of staff on duty names an organisation and has broken the glass for it; an operator token may read all of a hold.
   */
  @Get()
  @Header('cache-control', 'no-store')
  @Requires('held_rows:read')
  @RequiresRecentProof()
  @ApiPage(HeldRowDto)
  @ApiProblem(400, 'The purpose is missing, or not one of the closed list.')
  @ApiProblem(404, 'There is no such hold (`retention/hold_not_found`).')
  async list(
    @Param('holdId', ParseIdPipe) holdId: LegalHoldId,
    @Query() query: HeldRowsQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<HeldRowDto>> {
    if (principal.kind !== 'operator') throw httpErrors.forbidden();
    const organisationId = organisationScope(principal, query.organisationId?.toLowerCase() as OrganisationId | undefined);
    const after = decodeCursor(query.cursor, { table: 'text', digest: 'text' });
    const request = { holdId, purpose: query.purpose, organisationId, table: query.table, after };
    const rows = await this.reading.run(principal, request, query.limit);
    return pageOf(rows, query.limit, ({ table, digest }) => ({ table, digest }), HeldRowDto.of);
  }
}
