import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CheckProvider } from '../core/check-provider.js';
import { ReadProviders } from '../core/read-providers.js';
import { ReplaceProviderSecret } from '../core/replace-provider-secret.js';
import { IdentityProviderDto, ProviderCheckDto } from './identity-provider-view.dto.js';
import { ReplaceProviderSecretDto } from './identity-providers.dto.js';

/** What is done with the secret of an organisation's identity provider: replaced, and tried. */
@ApiTags('Identity providers')
@Controller('api/v1/organisations/:organisationId/identity-providers/:providerId')
export class ProviderSecretsController {
  constructor(
    private readonly replace: ReplaceProviderSecret,
    private readonly checking: CheckProvider,
    private readonly providers: ReadProviders,
  ) {}

  /** Replace the client secret of an identity provider. */
  @Post('secret')
  @HttpCode(200)
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'The secret is not valid, or the provider has none.')
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'Another change was first (`federation/provider_changed`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  async replaceSecret(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() { clientSecret }: ReplaceProviderSecretDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    organisationScope(principal, organisationId);
    const provider = await this.replace.run(principal, { organisationId, id }, clientSecret);
    return IdentityProviderDto.of(provider, this.providers.callbackUrl(provider));
  }

  /** Try an identity provider: read its configuration anew, and ask whether it knows this client. Nobody signs in. */
  @Post('check')
  @HttpCode(200)
  @Requires('identity_providers:write')
  @ApiOkResponse({ type: ProviderCheckDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  check(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderCheckDto> {
    organisationScope(principal, organisationId);
    return this.checking.run({ organisationId, id });
  }
}
