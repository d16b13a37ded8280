import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { IdentityProviderId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
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

/** The installation's identity providers. */
@ApiTags('Identity providers')
@Controller('admin/v1/identity-providers')
export class InstallationProvidersController {
  constructor(
    private readonly create: CreateProvider,
    private readonly change: ChangeProvider,
    private readonly deletion: DeleteProvider,
    private readonly providers: ReadProviders,
  ) {}

  /** Add one of the installation's identity providers. Its client secret is sealed at once and shown by no answer. */
  @Post()
  @Requires('installation_providers:write')
  @RequiresRecentProof()
  @ApiCreatedResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'A field is not valid, or an address may not be called (`outbound/address_not_allowed`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  async add(@Body() body: CreateProviderDto, @CurrentPrincipal() principal: Principal): Promise<IdentityProviderDto> {
    return this.show(await this.create.run(principal, null, body));
  }

  /** List the installation's identity providers, oldest first. */
  @Get()
  @Requires('installation_providers:read')
  @ApiPage(IdentityProviderDto)
  async list(@Query() { cursor, limit }: PageQuery): Promise<Page<IdentityProviderDto>> {
    const after = decodeCursor(cursor, { id: 'id' })?.id as IdentityProviderId | undefined;
    const rows = await this.providers.list(null, { after, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => this.show(row),
    );
  }

  /** Show one identity provider. */
  @Get(':providerId')
  @Requires('installation_providers:read')
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  async get(@Param('providerId', ParseIdPipe) id: IdentityProviderId): Promise<IdentityProviderDto> {
    return this.show(await this.providers.get({ organisationId: null, id }));
  }

  /** Rename an identity provider, switch it on or off, or change how far it is believed. */
  @Patch(':providerId')
  @Requires('installation_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: IdentityProviderDto })
  @ApiProblem(400, 'There is nothing to change, or a field is not valid.')
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'The name is taken (`federation/provider_name_taken`).')
  async update(
    @Param('providerId', ParseIdPipe) id: IdentityProviderId,
    @Body() body: ChangeProviderDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<IdentityProviderDto> {
    return this.show(await this.change.run(principal, { organisationId: null, id }, body));
  }

  /** Remove an identity provider, and with it every identity linked through it. */
  @Delete(':providerId')
  @HttpCode(204)
  @Requires('installation_providers:write')
  @RequiresRecentProof()
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  @ApiProblem(409, 'A domain requires sign-in through it (`federation/provider_in_use`).')
  delete(@Param('providerId', ParseIdPipe) id: IdentityProviderId, @CurrentPrincipal() principal: Principal): Promise<void> {
    return this.deletion.run(principal, { organisationId: null, id });
  }

  private show(provider: Provider): IdentityProviderDto {
    return IdentityProviderDto.of(provider, this.providers.callbackUrl(provider));
  }
}
