import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExternalIdentityId, IdentityProviderId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import type { AccountPrincipal, Principal } from '../../../platform/http/principal.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { BeginLinking } from '../core/begin-linking.js';
import { LinkedIdentities } from '../core/linked-identities.js';
import { IdentitiesDto, IdentityDto, LinkIdentityDto } from './identities.dto.js';
import { BROWSER_SECONDS, secretOf } from './sign-in.controller.js';
import { AuthorisationDto } from './sign-in.dto.js';

/** The identities of one's own account. */
@ApiTags('Account')
@Controller('api/v1/account/identities')
export class IdentitiesController {
  constructor(
    private readonly identities: LinkedIdentities,
    private readonly linking: BeginLinking,
    private readonly cookies: SessionCookies,
  ) {}

  /** List what identity providers say about oneself, as far as it is kept. */
  @Get()
  @Requires('account:manage')
  @ApiOkResponse({ type: IdentitiesDto })
  async list(@CurrentPrincipal() principal: Principal): Promise<IdentitiesDto> {
    return { data: (await this.identities.list(personOf(principal).id)).map(IdentityDto.of) };
  }

  /** Begin to link one more identity. The browser comes back from the provider by itself. */
  @Post()
  @HttpCode(200)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiOkResponse({ type: AuthorisationDto })
  @ApiProblem(400, 'A field is not valid.')
  @ApiProblem(404, 'No such provider, or it is switched off (`federation/provider_not_found`).')
  @ApiProblem(503, 'The provider does not answer (`federation/provider_unavailable`).')
  async link(
    @Body() { providerId, returnPath }: LinkIdentityDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorisationDto> {
    const { id: accountId, sessionId } = personOf(principal);
    const browserSecret = secretOf(this.cookies, request);
    const authorisationUrl = await this.linking.run({
      providerId: providerId as IdentityProviderId,
      accountId,
      sessionId,
      browserSecret,
      returnPath,
    });
    this.cookies.bindBrowser(reply, browserSecret, BROWSER_SECONDS);
    return { authorisationUrl };
  }

  /** Unlink an identity. The last way to sign in stays. */
  @Delete(':identityId')
  @HttpCode(204)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiNoContentResponse()
  @ApiProblem(404, 'No such identity (`federation/identity_not_found`).')
  @ApiProblem(409, 'Nothing would be left to sign in with (`federation/last_way_in`).')
  unlink(@Param('identityId', ParseIdPipe) id: ExternalIdentityId, @CurrentPrincipal() principal: Principal): Promise<void> {
    return this.identities.unlink(principal, personOf(principal).id, id);
  }
}

/** Only people have accounts; the permission is theirs alone, and this says so once more. */
function personOf(principal: Principal): AccountPrincipal {
  if (principal.kind !== 'account') throw httpErrors.forbidden();
  return principal;
}
