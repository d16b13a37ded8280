import { Controller, Delete, Get, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { DestroyContentKeys } from '../core/keys/destroy-content-keys.js';
import { ReadContentKeys } from '../core/keys/read-content-keys.js';
import { RotateContentKey } from '../core/keys/rotate-content-key.js';
import type { ContentKeyFacts } from '../data/content-key.entity.js';
import { ContentKeysDto } from './content.dto.js';

@ApiTags('Content')
@Controller('api/v1/organisations/:organisationId/content-keys')
export class ContentKeysController {
  constructor(
    private readonly keys: ReadContentKeys,
    private readonly rotateKey: RotateContentKey,
    private readonly destroyKeys: DestroyContentKeys,
  ) {}

  /** List the versions of an organisation's content key, newest first. */
  @Get()
  @Requires('content_policy:read')
  @ApiOkResponse({ type: ContentKeysDto })
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentKeysDto> {
    organisationScope(principal, organisationId);
    return shown(await this.keys.list(organisationId));
  }

  /** Put a new version of the content key in use. What was sealed under older ones stays readable. */
  @Post('rotate')
  @HttpCode(200)
  @Requires('content_keys:write')
  @ApiOkResponse({ type: ContentKeysDto })
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'Another rotation was first (`content/key_changed`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  async rotate(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentKeysDto> {
    organisationScope(principal, organisationId);
    await this.rotateKey.run(principal, organisationId);
    return shown(await this.keys.list(organisationId));
  }

  /** Destroy all versions of the content key, and with them all content that is kept of the organisation (C4). There is no way back. */
  @Delete()
  @Requires('content_keys:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: ContentKeysDto })
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'A legal hold covers content of the organisation (`retention/held`).')
  async destroyAll(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentKeysDto> {
    organisationScope(principal, organisationId);
    return shown(await this.destroyKeys.runAll(principal, organisationId));
  }

  /** Destroy one version of the content key, and with it all content that was sealed under it (C4). There is no way back. */
  @Delete(':version')
  @Requires('content_keys:write')
  @RequiresRecentProof()
  @ApiParam({ name: 'version', type: 'integer' })
  @ApiOkResponse({ type: ContentKeysDto })
  @ApiProblem(404, 'No such version (`content/key_not_found`), or no such organisation.')
  @ApiProblem(409, 'A legal hold covers content of the organisation (`retention/held`).')
  async destroy(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('version', ParseIntPipe) version: number,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ContentKeysDto> {
    organisationScope(principal, organisationId);
    return shown(await this.destroyKeys.runOne(principal, organisationId, version));
  }
}

function shown(keys: readonly ContentKeyFacts[]): ContentKeysDto {
  return { data: keys.map(({ version, createdAt, retiredAt, destroyedAt }) => ({ version, createdAt, retiredAt, destroyedAt })) };
}
