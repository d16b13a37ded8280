import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityProviderId } from '../../../../kernel/ids.js';
import { ApiProblem, FromOwnPages, Public } from '../../../../platform/http/access.js';
import { CountsSignIn } from '../../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { SignIn } from '../../../accounts/accounts.contract.js';
import { BeginSaml } from '../../core/saml/begin-saml.js';
import { FinishSaml } from '../../core/saml/finish-saml.js';
import { BROWSER_SECONDS, secretOf } from '../sign-in.controller.js';
import { AuthorisationDto, StartSignInDto } from '../sign-in.dto.js';

/** Signing in through an organisation's SAML 2.0 identity provider (A1). */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/saml/:providerId')
export class SamlSignInController {
  constructor(
    private readonly beginning: BeginSaml,
    private readonly finishing: FinishSaml,
    private readonly signIn: SignIn,
    private readonly cookies: SessionCookies,
  ) {}

  /** Begin a sign-in at the identity provider. Binds it to this browser by a cookie. */
  @Post('start')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(30)
  @ApiOkResponse({ type: AuthorisationDto })
  @ApiProblem(400, 'A field is not valid.')
  @ApiProblem(404, 'No such provider, or it is switched off (`federation/provider_not_found`).')
  async start(
    @Param('providerId', ParseIdPipe) providerId: IdentityProviderId,
    @Body() { returnPath, attestedAge, locale }: StartSignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorisationDto> {
    const browserSecret = secretOf(this.cookies, request);
    const authorisationUrl = await this.beginning.run({
      providerId,
      linking: null,
      browserSecret,
      returnPath,
      attestedAge: attestedAge ?? null,
      locale,
    });
    this.cookies.bindBrowser(reply, browserSecret, BROWSER_SECONDS);
    return { authorisationUrl };
  }

  /** Where the browser comes back from the identity provider with its own cookies: signs in, or links, and goes on to the return path. */
  @Get('finish')
  @CountsSignIn('saml')
  @Public()
  @RateLimited(60)
  @ApiResponse({ status: 303, description: 'Signed in, or linked: the session cookie is set and the browser goes on.' })
  @ApiProblem(400, 'The sign-in expired, was used, or began in another browser (`federation/attempt_not_found`).')
  @ApiProblem(403, 'This person may not come in this way.')
  @ApiProblem(
    409,
    'There is an account with this address: sign in as before and link (`federation/link_required`). Or the identity is linked already (`federation/identity_taken`).',
  )
  async finish(
    @Param('providerId', ParseIdPipe) providerId: IdentityProviderId,
    @Query('code') code: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const browserSecret = this.cookies.browserNonce(request) ?? undefined;
    const { accountId, secondFactorDone, returnPath, outcome } = await this.finishing.run({ providerId, code, browserSecret });
    if (outcome === 'signed_in') {
      const session = await this.signIn.open(accountId, { method: 'saml', secondFactorDone }, this.cookies.originOf(request));
      this.cookies.signedIn(request, reply, session);
    }
    await reply.code(303).headers({ location: returnPath, 'cache-control': 'no-store' }).send();
  }
}
