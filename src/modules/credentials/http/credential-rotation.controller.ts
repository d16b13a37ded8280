import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { RotateCredential } from '../core/rotate-credential.js';
import { CredentialDto, RotateCredentialDto } from './credentials.dto.js';

@ApiTags('Credentials')
@Controller('api/v1/organisations/:organisationId/credentials/:credentialId/rotate')
export class CredentialRotationController {
  constructor(private readonly rotateCredential: RotateCredential) {}

  /** Replace the secret of a provider credential. Calls in flight end with the old one (K3). */
  @Post()
  @HttpCode(200)
  @Requires('credentials:write')
  @ApiOkResponse({ type: CredentialDto })
  @ApiProblem(400, 'The secret is not valid.')
  @ApiProblem(404, 'No such credential (`credentials/not_found`).')
  @ApiProblem(409, 'Another rotation was first (`credentials/changed_meanwhile`).')
  @ApiProblem(503, 'The key management service cannot be used (`kms/unavailable`, `kms/denied`, `kms/misconfigured`).')
  rotate(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('credentialId', ParseIdPipe) id: CredentialId,
    @Body() body: RotateCredentialDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CredentialDto> {
    organisationScope(principal, organisationId);
    return this.rotateCredential.run(principal, { organisationId, id }, body.secret);
  }
}
