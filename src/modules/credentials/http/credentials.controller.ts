import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { ChangeCredential } from '../core/change-credential.js';
import { DeleteCredential } from '../core/delete-credential.js';
import { IssueCredential } from '../core/issue-credential.js';
import { ReadCredentials } from '../core/read-credentials.js';
import { ChangeCredentialDto, CredentialDto, IssueCredentialDto } from './credentials.dto.js';

@ApiTags('Credentials')
@Controller('api/v1/organisations/:organisationId/credentials')
export class CredentialsController {
  constructor(
    private readonly issueCredential: IssueCredential,
    private readonly changeCredential: ChangeCredential,
    private readonly deleteCredential: DeleteCredential,
    private readonly credentials: ReadCredentials,
  ) {}

  /** Store a provider credential. Its secret is sealed at once and shown by no answer (K1, K2). */
  @Post()
  @Requires('credentials:write')
  @ApiCreatedResponse({ type: CredentialDto })
  @ApiProblem(400, 'A field is not valid, or the base URL may not be called (`outbound/address_not_allowed`).')
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  @ApiProblem(409, 'The name is taken (`credentials/name_taken`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  issue(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() body: IssueCredentialDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CredentialDto> {
    organisationScope(principal, organisationId);
    return this.issueCredential.run(principal, organisationId, body);
  }

  /** List an organisation's provider credentials, oldest first. */
  @Get()
  @Requires('credentials:read')
  @ApiPage(CredentialDto)
  @ApiProblem(404, 'No such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() { cursor, limit }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<CredentialDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(cursor, { id: 'id' })?.id as CredentialId | undefined;
    const rows = await this.credentials.list(organisationId, { after, limit: limit + 1 });
    return pageOf(
      rows,
      limit,
      ({ id }) => ({ id }),
      (row) => row,
    );
  }

  /** Show one provider credential. */
  @Get(':credentialId')
  @Requires('credentials:read')
  @ApiOkResponse({ type: CredentialDto })
  @ApiProblem(404, 'No such credential (`credentials/not_found`).')
  get(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('credentialId', ParseIdPipe) id: CredentialId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CredentialDto> {
    organisationScope(principal, organisationId);
    return this.credentials.get({ organisationId, id });
  }

  /** Rename, disable or enable a provider credential. */
  @Patch(':credentialId')
  @Requires('credentials:write')
  @ApiOkResponse({ type: CredentialDto })
  @ApiProblem(400, 'There is nothing to change, or a field is not valid.')
  @ApiProblem(404, 'No such credential (`credentials/not_found`).')
  @ApiProblem(409, 'The name is taken (`credentials/name_taken`).')
  change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('credentialId', ParseIdPipe) id: CredentialId,
    @Body() body: ChangeCredentialDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CredentialDto> {
    organisationScope(principal, organisationId);
    return this.changeCredential.run(principal, { organisationId, id }, { name: body.name ?? undefined, status: body.status ?? undefined });
  }

  /** Delete a provider credential and its sealed secret. */
  @Delete(':credentialId')
  @HttpCode(204)
  @Requires('credentials:write')
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such credential (`credentials/not_found`).')
  @ApiProblem(409, 'A route still uses it (`credentials/in_use`).')
  delete(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('credentialId', ParseIdPipe) id: CredentialId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    return this.deleteCredential.run(principal, { organisationId, id });
  }
}
