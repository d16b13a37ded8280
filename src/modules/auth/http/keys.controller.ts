import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../kernel/clock.js';
import type { ApiKeyId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { KeyAdministration } from '../auth.contract.js';
import { CreatedKeyDto, CreateKeyDto, KeyDto } from './keys.dto.js';

@ApiTags('Keys')
@Controller('api/v1/organisations/:organisationId/keys')
export class KeysController {
  constructor(
    private readonly keys: KeyAdministration,
    private readonly clock: Clock,
  ) {}

  /** Creates an API key. Its secret is in this answer and nowhere else. */
  @Post()
  @Header('cache-control', 'no-store')
  @Requires('keys:write')
  @ApiProblem(404, 'The organisation has no such active project (`tenants/project_not_found`).')
  @ApiProblem(409, 'The organisation has 5,000 working keys already (`auth/too_many_keys`).')
  async create(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: CreateKeyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreatedKeyDto> {
    organisationScope(principal, organisationId);
    const { key, secret } = await this.keys.createKey(
      {
        organisationId,
        projectId: body.projectId as ProjectId,
        name: body.name,
        scopes: body.scopes,
        expiresAt: body.expiresAt == null ? null : new Date(body.expiresAt),
        allowedNetworks: body.allowedNetworks ?? [],
      },
      principal,
    );
    return Object.assign(KeyDto.of(key, this.clock.nowMs()), { secret });
  }

  /** Lists an organisation's API keys in the order they were made, revoked ones too. */
  @Get()
  @Requires('keys:read')
  @ApiPage(KeyDto)
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<KeyDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as ApiKeyId | undefined;
    const rows = await this.keys.listKeys(organisationId, after, query.limit + 1);
    const nowMs = this.clock.nowMs();
    return pageOf(
      rows,
      query.limit,
      ({ id }) => ({ id }),
      (key) => KeyDto.of(key, nowMs),
    );
  }

  /** Reads one API key. */
  @Get(':keyId')
  @Requires('keys:read')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyDto> {
    organisationScope(principal, organisationId);
    return KeyDto.of(await this.keys.readKey(organisationId, id), this.clock.nowMs());
  }

  /** Revokes an API key: every replica refuses it within a second. Revoking it again changes nothing. */
  @Delete(':keyId')
  @HttpCode(204)
  @Requires('keys:write')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  async revoke(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    await this.keys.revokeKey(organisationId, id, principal);
  }
}
