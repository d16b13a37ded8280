import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { CapturedDomainId, IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { CapturedDomains } from '../core/captured-domains.js';
import { ChangeDomainDto, ClaimDomainDto, DomainDto } from './captured-domains.dto.js';

/** E-mail domains of an organisation, whose people sign in through its own provider. */
@ApiTags('Identity providers')
@Controller('api/v1/organisations/:organisationId/domains')
export class CapturedDomainsController {
  constructor(private readonly domains: CapturedDomains) {}

  /** Claim a domain. The answer says which TXT record proves it; until then the claim has no effect. */
  @Post()
  @Requires('identity_providers:write')
  @ApiCreatedResponse({ type: DomainDto })
  @ApiProblem(400, 'This is no domain name.')
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'It is claimed already (`federation/domain_claimed`).')
  async claim(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { domain }: ClaimDomainDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DomainDto> {
    organisationScope(principal, organisationId);
    return DomainDto.of(await this.domains.claim(principal, organisationId, domain));
  }

  /** List an organisation's domains, oldest first. */
  @Get()
  @Requires('identity_providers:read')
  @ApiPage(DomainDto)
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<DomainDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(cursor, { id: 'id' })?.id as CapturedDomainId | undefined;
    const rows = await this.domains.list(organisationId, after, limit + 1);
    return pageOf(rows, limit, ({ id }) => ({ id }), DomainDto.of);
  }

  /** Show one domain. */
  @Get(':domainId')
  @Requires('identity_providers:read')
  @ApiOkResponse({ type: DomainDto })
  @ApiProblem(404, 'No such domain (`federation/domain_not_found`).')
  async get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('domainId', ParseIdPipe) id: CapturedDomainId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DomainDto> {
    organisationScope(principal, organisationId);
    return DomainDto.of(await this.domains.get({ organisationId, id }));
  }

  /** Look for the TXT record and, when it is there, take the domain as the organisation's. */
  @Post(':domainId/verify')
  @HttpCode(200)
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: DomainDto })
  @ApiProblem(404, 'No such domain (`federation/domain_not_found`).')
  @ApiProblem(
    409,
    'The record is not there (`federation/domain_not_proven`), or another organisation was first (`federation/domain_taken`).',
  )
  @ApiProblem(503, 'The domain name system does not answer (`federation/dns_unavailable`).')
  async verify(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('domainId', ParseIdPipe) id: CapturedDomainId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DomainDto> {
    organisationScope(principal, organisationId);
    return DomainDto.of(await this.domains.verify(principal, { organisationId, id }));
  }

  /** Say through which provider the people of a domain sign in, and whether they may in no other way. */
  @Patch(':domainId')
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiOkResponse({ type: DomainDto })
  @ApiProblem(400, 'There is nothing to change, or a field is not valid.')
  @ApiProblem(404, 'No such domain, or no such provider (`federation/domain_not_found`, `federation/provider_not_found`).')
  @ApiProblem(409, 'The domain is not proven, or has no active provider (`federation/domain_unproven`).')
  async change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('domainId', ParseIdPipe) id: CapturedDomainId,
    @Body() { providerId, ssoRequired }: ChangeDomainDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DomainDto> {
    organisationScope(principal, organisationId);
    const change = { providerId: providerId as IdentityProviderId | null | undefined, ssoRequired };
    return DomainDto.of(await this.domains.change(principal, { organisationId, id }, change));
  }

  /** Let go of a domain. Whoever signed in because of it keeps their account. */
  @Delete(':domainId')
  @HttpCode(204)
  @Requires('identity_providers:write')
  @RequiresRecentProof()
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such domain (`federation/domain_not_found`).')
  release(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('domainId', ParseIdPipe) id: CapturedDomainId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.domains.release(principal, { organisationId, id });
  }
}
