import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { IdentityProviderId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CheckProvider } from '../core/check-provider.js';
import { ReadProviders } from '../core/read-providers.js';
import { ReplaceProviderSecret } from '../core/replace-provider-secret.js';
import { IdentityProviderDto, ProviderCheckDto } from './identity-provider-view.dto.js';
import { ReplaceProviderSecretDto } from './identity-providers.dto.js';

/** What is done with the secret of one of the installation's identity providers: replaced, and tried. */
@ApiTags('Identity providers')
@Controller('admin/v1/identity-providers/:providerId')
export class InstallationProviderSecretsController {
  constructor(
    private readonly replace: ReplaceProviderSecret,
    private readonly checking: CheckProvider,
    private readonly providers: ReadProviders,
  ) {}

  /** Replace the client secret of an identity provider. */
  @Post('secret')
  @HttpCode(200)
  @Requires('installation_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'The secret is not valid, or the provider has none.')
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'Another change was first (`federation/provider_changed`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  async replaceSecret(
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() { clientSecret }: ReplaceProviderSecretDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    const provider = await this.replace.run(principal, { organisationId: null, id }, clientSecret);
    return IdentityProviderDto.of(provider, this.providers.callbackUrl(provider));
  }

  /** Try an identity provider: read its configuration anew, and ask whether it knows this client. Nobody signs in. */
  @Post('check')
  @HttpCode(200)
  @Requires('installation_providers:write')
  @ApiOkResponse({ type: ProviderCheckDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  check(@Param('providerId', ParseIdPipe) id: IdentityProviderId): Promise<ProviderCheckDto> {
    return this.checking.run({ organisationId: null, id });
  }
}
