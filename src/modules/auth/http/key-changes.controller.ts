import { Body, Controller, Delete, Header, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeKey } from '../core/change-key.js';
import { EndPreviousSecret } from '../core/end-previous-secret.js';
import { RotateKey } from '../core/rotate-key.js';
import { ChangeKeyDto, CreatedKeyDto, KeyDto, RotateKeyDto } from './keys.dto.js';

const USUAL_OVERLAP_MS = DAY_MS;

@ApiTags('Keys')
@Controller('api/v1/organisations/:organisationId/keys/:keyId')
export class KeyChangesController {
  constructor(
    private readonly changes: ChangeKey,
    private readonly rotation: RotateKey,
    private readonly overlap: EndPreviousSecret,
    private readonly clock: Clock,
  ) {}

  /** Changes an API key: its name, scopes, expiry or networks. Every replica goes by it within a second. */
  @Patch()
  @Requires('keys:write')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  @ApiProblem(409, 'The key has been revoked (`auth/key_revoked`).')
  async change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @Body() { name, scopes, expiresAt, allowedNetworks }: ChangeKeyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyDto> {
    organisationScope(principal, organisationId);
    const change = { name, scopes, allowedNetworks, expiresAt: expiresAt == null ? expiresAt : new Date(expiresAt) };
    return KeyDto.of(await this.changes.run({ organisationId, id }, change, principal), this.clock.nowMs());
  }

  /** Gives an API key a new secret, valid at once; it is in this answer and nowhere else. The one before goes on for the time asked for. */
  @Post('rotate')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Requires('keys:write')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  @ApiProblem(409, 'The key has been revoked (`auth/key_revoked`).')
  async rotate(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @Body() { previousValidUntil }: RotateKeyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreatedKeyDto> {
    organisationScope(principal, organisationId);
    const { key, secret } = await this.rotation.run({ organisationId, id }, this.overlapEnd(previousValidUntil), principal);
    return Object.assign(KeyDto.of(key, this.clock.nowMs()), { secret });
  }

  /** Ends the secret before the last rotation: every replica refuses it within a second. Without one it changes nothing. */
  @Delete('previous-secret')
  @HttpCode(204)
  @Requires('keys:write')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  async endPrevious(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    await this.overlap.run({ organisationId, id }, principal);
  }

  private overlapEnd(asked: string | null | undefined): Date | null {
    if (asked === undefined) return new Date(this.clock.nowMs() + USUAL_OVERLAP_MS);
    return asked === null ? null : new Date(asked);
  }
}
