import { Body, Controller, Get, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { IdentityProviderId, OrganisationId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { AdministerSamlProvider } from '../../core/saml/administer-saml-provider.js';
import type { SamlProvider } from '../../core/saml/service-provider.js';
import { ChangeSamlProviderDto, CreateSamlProviderDto, SamlCertificatesDto, SamlProviderDto } from './saml-providers.dto.js';

/** An organisation's SAML 2.0 identity providers. They are listed and removed with its others, under `identity-providers`. */
@ApiTags('Identity providers')
@Controller('api/v1/organisations/:organisationId/saml-providers')
export class SamlProvidersController {
  constructor(
    private readonly administration: AdministerSamlProvider,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Add a SAML provider, from its metadata or by hand. */
  @Post()
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiCreatedResponse({ type: SamlProviderDto })
  @ApiProblem(
    400,
    'A field is not valid, or the metadata cannot be used (`saml/metadata_refused`, `saml/metadata_unreachable`, `outbound/*`).',
  )
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  async add(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { name, settings, signsRequests, ...source }: CreateSamlProviderDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SamlProviderDto> {
    organisationScope(principal, organisationId);
    return this.shown(await this.administration.create(principal, organisationId, { name, settings, signsRequests, source }));
  }

  /** Show a SAML provider, its certificates and what to register there. */
  @Get(':providerId')
  @Requires('identity_providers:read')
  @ApiOkResponse({ type: SamlProviderDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SamlProviderDto> {
    organisationScope(principal, organisationId);
    return this.shown(await this.administration.read({ organisationId, id }));
  }

  /** Rename a SAML provider, switch it on or off, or change how far it is believed. */
  @Patch(':providerId')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: SamlProviderDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  async change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() body: ChangeSamlProviderDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SamlProviderDto> {
    organisationScope(principal, organisationId);
    return this.shown(await this.administration.change(principal, { organisationId, id }, body));
  }

  /** Put certificates in place of those there are: the old and the new one while the provider changes its key, then the new one alone. */
  @Put(':providerId/certificates')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: SamlProviderDto })
  @ApiProblem(400, 'The certificates or the metadata cannot be used, or are of another provider.')
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  async renew(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() body: SamlCertificatesDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SamlProviderDto> {
    organisationScope(principal, organisationId);
    return this.shown(await this.administration.renewCertificates(principal, { organisationId, id }, body));
  }

  private shown(provider: SamlProvider): SamlProviderDto {
    return SamlProviderDto.of(provider, this.settings, this.clock.nowMs());
  }
}
