import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { ApiProblem, Public } from '../../../../platform/http/access.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { SamlConnections } from '../../core/saml/saml-connections.js';

/** Our side of a connection to a SAML identity provider. */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/saml/:providerId')
export class SamlMetadataController {
  constructor(private readonly connections: SamlConnections) {}

  /** What an administrator gives the identity provider: our side of the connection, as SAML metadata. */
  @Get('metadata')
  @Public()
  @RateLimited(120)
  @Header('content-type', 'application/samlmetadata+xml; charset=utf-8')
  @ApiProduces('application/samlmetadata+xml')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblem(404, 'No such provider (`federation/provider_not_found`).')
  ownMetadata(@Param('providerId', ParseIdPipe) providerId: IdentityProviderId): Promise<string> {
    return this.connections.metadata(providerId);
  }
}
