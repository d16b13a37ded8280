import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import type { OrganisationId, TroubleshootingGrantId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CloseGrant } from '../core/grants/close-grant.js';
import { OpenGrant } from '../core/grants/open-grant.js';
import { ReadGrants } from '../core/grants/read-grants.js';
import { OpenGrantDto, TroubleshootingGrantDto } from './content.dto.js';

@ApiTags('Content')
@Controller('api/v1/organisations/:organisationId/troubleshooting-grants')
export class TroubleshootingGrantsController {
  constructor(
    private readonly openGrant: OpenGrant,
    private readonly closeGrant: CloseGrant,
    private readonly grants: ReadGrants,
  ) {}

  /** Let payloads of some calls be kept for a while, to find out what goes wrong. Closes itself (C5). */
  @Post()
  @Requires('content_policy:write')
  @ApiCreatedResponse({ type: TroubleshootingGrantDto })
  @ApiProblem(400, 'A field is not valid, the scope is not the organisation’s own, or the end is later than the profile allows.')
  @ApiProblem(404, 'No such organisation or project (`tenants/organisation_not_found`, `tenants/project_not_found`).')
  @ApiProblem(409, 'The profile has no grants (`content/no_grants`), or too many are open (`content/too_many_grants`).')
  open(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: OpenGrantDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TroubleshootingGrantDto> {
    organisationScope(principal, organisationId);
    const { scope, scopeId, reason, ticket, hours } = body;
    return this.openGrant.run(principal, organisationId, { scope, scopeId, reason, ticket: ticket ?? null, hours });
  }

  /** List troubleshooting grants, newest first, open and closed. */
  @Get()
  @Requires('content_policy:read')
  @ApiPage(TroubleshootingGrantDto)
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<TroubleshootingGrantDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(cursor, { id: 'id' })?.id as TroubleshootingGrantId | undefined;
    const rows = await this.grants.list(organisationId, before, limit + 1);
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => row,
    );
  }

  /** Close a troubleshooting grant before its time. What was kept under it stays for its window. */
  @Delete(':troubleshootingGrantId')
  @HttpCode(204)
  @Requires('content_policy:write')
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such grant (`content/grant_not_found`).')
  close(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('troubleshootingGrantId', ParseIdPipe) id: TroubleshootingGrantId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.closeGrant.run(principal, organisationId, id);
  }
}
