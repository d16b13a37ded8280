import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityProviderId } from '../../../kernel/ids.js';
import { isSecretShaped, newSecret } from '../../../kernel/secrets.js';
import { ApiProblem, FromOwnPages, Public } from '../../../platform/http/access.js';
import { CountsSignIn } from '../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { SignIn } from '../../accounts/accounts.contract.js';
import { BeginFederation } from '../core/begin-federation.js';
import { CallbackStrategy } from './callback-strategy.js';
import { AuthorisationDto, StartSignInDto } from './sign-in.dto.js';

/** How long a browser is remembered that has gone to a provider. */
export const BROWSER_SECONDS = 900;

/** Signing in through identity providers (A1). */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in')
export class FederatedSignInController {
  constructor(
    private readonly beginning: BeginFederation,
    private readonly strategy: CallbackStrategy,
    private readonly signIn: SignIn,
    private readonly cookies: SessionCookies,
  ) {}

  /** Begin a sign-in at a provider. Binds it to this browser by a cookie. */
  @Post('providers/:providerId/start')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(30)
  @ApiOkResponse({ type: AuthorisationDto })
  @ApiProblem(400, 'A field is not valid.')
  @ApiProblem(404, 'No such provider, or it is switched off (`federation/provider_not_found`).')
  @ApiProblem(503, 'The provider does not answer (`federation/provider_unavailable`).')
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

  /**
   * Where a provider sends the browser back to: finishes the sign-in, or the linking, and goes on to the return path. The query is the protocol's
   * (`code`, `state`, `iss`, `error`), and a provider may add to it what it likes (RFC 6749 §4.1.2).
   */
  @Get('providers/:providerId/callback')
  @CountsSignIn('oidc')
  @Public()
  @RateLimited(60)
  @ApiResponse({ status: 303, description: 'Signed in, or linked: the session cookie is set and the browser goes on.' })
  @ApiProblem(400, 'The sign-in expired, was used, or began in another browser (`federation/attempt_not_found`).')
  @ApiProblem(401, "The provider's answer is not valid (`federation/answer_refused`).")
  @ApiProblem(403, 'Declined at the provider, or this person may not come in this way.')
  @ApiProblem(
    409,
    'There is an account with this address: sign in as before and link (`federation/link_required`). Or the identity is linked already (`federation/identity_taken`).',
  )
  @ApiProblem(503, 'The provider does not answer (`federation/provider_unavailable`).')
  async callback(
    @Param('providerId', ParseIdPipe) providerId: IdentityProviderId,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { search } = new URL(request.raw.url ?? '/', 'http://callback');
    const browserSecret = this.cookies.browserNonce(request) ?? undefined;
    const { accountId, secondFactorDone, returnPath, outcome } = await this.strategy.identify({
      providerId,
      query: search.slice(1),
      browserSecret,
    });
    if (outcome === 'signed_in') {
      const session = await this.signIn.open(accountId, { method: 'oidc', secondFactorDone }, this.cookies.originOf(request));
      this.cookies.signedIn(request, reply, session);
    }
    await reply.code(303).header('location', returnPath).send();
  }
}

/** What the browser keeps already, so that flows in several tabs do not end one another; or something new. */
export function secretOf(cookies: SessionCookies, request: FastifyRequest): string {
  const kept = cookies.browserNonce(request);
  return isSecretShaped(kept) ? kept : newSecret();
}
