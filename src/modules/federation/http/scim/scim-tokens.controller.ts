import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId, ScimTokenId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { AdministerScimTokens, type IssuedScimToken } from '../../core/scim/administer-scim-tokens.js';
import { CreatedScimTokenDto, CreateScimTokenDto, RotateScimTokenDto, ScimTokenDto } from './scim-tokens.dto.js';

@ApiTags('Directories')
@Controller('api/v1/organisations/:organisationId/scim-tokens')
export class ScimTokensController {
  constructor(
    private readonly tokens: AdministerScimTokens,
    private readonly clock: Clock,
  ) {}

  /** Makes a token for the organisation's directory. It is in this answer and nowhere else. At most five can be in use. */
  @Post()
  @Header('cache-control', 'no-store')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'Five tokens are in use (`scim/token_limit`).')
  async create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: CreateScimTokenDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreatedScimTokenDto> {
    organisationScope(principal, organisationId);
    const expiresAt = body.expiresAt == null ? null : new Date(body.expiresAt);
    return this.shown(await this.tokens.issue(organisationId, { name: body.name, expiresAt }, principal));
  }

  /** Makes a token in place of another, which goes on for as long as is said, at most a week. */
  @Post(':tokenId/rotation')
  @Header('cache-control', 'no-store')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such token in use (`scim/token_not_found`).')
  @ApiProblem(409, 'Five tokens are in use (`scim/token_limit`).')
  async rotate(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('tokenId', ParseIdPipe) id: ScimTokenId,
    @Body() body: RotateScimTokenDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreatedScimTokenDto> {
    organisationScope(principal, organisationId);
    const previousUntil = body.previousValidUntil == null ? null : new Date(body.previousValidUntil);
    return this.shown(await this.tokens.rotate(organisationId, id, previousUntil, principal));
  }

  /** Lists the tokens of an organisation in the order they were made, revoked ones too. */
  @Get()
  @Requires('identity_providers:write')
  @ApiPage(ScimTokenDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<ScimTokenDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as ScimTokenId | undefined;
    const rows = await this.tokens.list(organisationId, after, query.limit + 1);
    const nowMs = this.clock.nowMs();
    return pageOf(
      rows,
      query.limit,
      ({ id }) => ({ id }),
      (token) => ScimTokenDto.of(token, nowMs),
    );
  }

  /** Revokes a token: its directory is refused from the next request on. Revoking it again changes nothing. */
  @Delete(':tokenId')
  @HttpCode(204)
  @Requires('identity_providers:write')
  @ApiProblem(404, 'The organisation has no such token (`scim/token_not_found`).')
  async revoke(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('tokenId', ParseIdPipe) id: ScimTokenId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    await this.tokens.revoke(organisationId, id, principal);
  }

  private shown({ token, secret }: IssuedScimToken): CreatedScimTokenDto {
    return Object.assign(ScimTokenDto.of(token, this.clock.nowMs()), { secret });
  }
}
