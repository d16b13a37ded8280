import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeProvider } from '../core/change-provider.js';
import { CreateProvider } from '../core/create-provider.js';
import { DeleteProvider } from '../core/delete-provider.js';
import { ReadProviders } from '../core/read-providers.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { ChangeProviderDto, CreateProviderDto } from './identity-providers.dto.js';
import { IdentityProviderDto } from './identity-provider-view.dto.js';

/** An organisation's identity providers. */
@ApiTags('Identity providers')
@Controller('api/v1/organisations/:organisationId/identity-providers')
export class IdentityProvidersController {
  constructor(
    private readonly create: CreateProvider,
    private readonly change: ChangeProvider,
    private readonly deletion: DeleteProvider,
    private readonly providers: ReadProviders,
  ) {}

  /** Add one of an organisation's identity providers. Its client secret is sealed at once and shown by no answer. */
  @Post()
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiCreatedResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'A field is not valid, or an address may not be called (`outbound/address_not_allowed`).')
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  async add(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: CreateProviderDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    organisationScope(principal, organisationId);
    return this.show(await this.create.run(principal, organisationId, body));
  }

  /** List an organisation's identity providers, oldest first. */
  @Get()
  @Requires('identity_providers:read')
  @ApiPage(IdentityProviderDto)
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<IdentityProviderDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(cursor, { id: 'id' })?.id as IdentityProviderId | undefined;
    const rows = await this.providers.list(organisationId, { after, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => this.show(row),
    );
  }

  /** Show one identity provider. */
  @Get(':providerId')
  @Requires('identity_providers:read')
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  async get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    organisationScope(principal, organisationId);
    return this.show(await this.providers.get({ organisationId, id }));
  }

  /** Rename an identity provider, switch it on or off, or change how far it is believed. */
  @Patch(':providerId')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'There is nothing to change, or a field is not valid.')
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  async update(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() body: ChangeProviderDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    organisationScope(principal, organisationId);
    return this.show(await this.change.run(principal, { organisationId, id }, body));
  }

  /** Remove an identity provider, and with it every identity linked through it. */
  @Delete(':providerId')
  @HttpCode(204)
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'A domain requires sign-in through it (`federation/provider_in_use`).')
  delete(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.deletion.run(principal, { organisationId, id });
  }

  private show(provider: Provider): IdentityProviderDto {
    return IdentityProviderDto.of(provider, this.providers.callbackUrl(provider));
  }
}
