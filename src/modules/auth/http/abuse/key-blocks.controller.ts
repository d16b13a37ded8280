import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { ApiKeyId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ReadKeyCountries } from '../../core/abuse/read-key-countries.js';
import { ReleaseKey } from '../../core/abuse/release-key.js';
import { KeyDto } from '../keys.dto.js';
import { KeyCountriesDto, KeyCountryDto } from './key-countries.dto.js';

@ApiTags('Keys')
@Controller('api/v1/organisations/:organisationId/keys/:keyId')
export class KeyBlocksController {
  constructor(
    private readonly releasing: ReleaseKey,
    private readonly countries: ReadKeyCountries,
    private readonly clock: Clock,
  ) {}

  /**
   * Lets a blocked API key work again, on every replica within a second. What it was blocked for does not block it again for a while. A key that is
   * not blocked stays as it is.
   */
  @Post('release')
  @HttpCode(200)
  @Requires('keys:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  @ApiProblem(409, 'The key has been revoked (`auth/key_revoked`), or blocked by the operator (`auth/key_blocked_by_operator`).')
  async release(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyDto> {
    organisationScope(principal, organisationId);
    return KeyDto.of(await this.releasing.run({ organisationId, id }, principal), this.clock.nowMs());
  }

  /** Lists the countries an API key has been used from, as far as a local GeoIP database knows them; no address is kept. */
  @Get('countries')
  @Requires('keys:read')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyCountriesDto> {
    organisationScope(principal, organisationId);
    return { countries: (await this.countries.run({ organisationId, id })).map(KeyCountryDto.of) };
  }
}
