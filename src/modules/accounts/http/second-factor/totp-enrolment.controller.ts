import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, CurrentSignIn, FinishesSignIn } from '../../../../platform/http/access.js';
import type { SignInProgress } from '../../../../platform/http/principal.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { BeginTotp } from '../../core/second-factor/begin-totp.js';
import { ConfirmTotp } from '../../core/second-factor/confirm-totp.js';
import type { Enrolled } from '../../core/second-factor/recovery-codes.js';
import { EnrolledDto, SecondFactorCodeDto, TotpEnrolmentDto } from './second-factors.dto.js';

const RECENT =
  'The last proof of who calls is older than ten minutes (`second_factors/present_again`, `http/step_up_required`, `second_factors/sign_in_again`).';

/**
 * Setting an authenticator app up: for whoever is signed in, and for whoever cannot finish signing in because an organisation demands a factor they do not
 * have. Both must have proven a moment ago who they are.
 */
@ApiTags('Second factors')
@Controller('api/v1/account/second-factors/totp')
export class TotpEnrolmentController {
  constructor(
    private readonly totp: BeginTotp,
    private readonly confirmation: ConfirmTotp,
    private readonly cookies: SessionCookies,
  ) {}

  /** Makes a secret for an authenticator app. It is in this answer and nowhere else, and counts once a code of it was confirmed within ten minutes. */
  @Post()
  @Header('cache-control', 'no-store')
  @FinishesSignIn()
  @ApiProblem(403, RECENT)
  @ApiProblem(409, 'The account has an authenticator app (`second_factors/already_enrolled`).')
  async beginTotp(@CurrentSignIn() signIn: SignInProgress): Promise<TotpEnrolmentDto> {
    const { uri, secret, expiresAt } = await this.totp.run(signIn);
    return { uri, secret, expiresAt: expiresAt.toISOString() };
  }

  /** Confirms the authenticator app by its first code. The session has shown a second factor with that; its cookie is new. */
  @Post('confirmation')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @FinishesSignIn()
  @RateLimited(60)
  @ApiProblem(400, 'The code is wrong (`second_factors/code_wrong`), or the body is not valid.')
  @ApiProblem(409, 'There is nothing to confirm, or it took too long (`second_factors/enrolment_expired`).')
  async confirmTotp(
    @Body() body: SecondFactorCodeDto,
    @CurrentSignIn() signIn: SignInProgress,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnrolledDto> {
    return this.enrolled(await this.confirmation.run(signIn, body.code), request, reply);
  }

  private enrolled(enrolled: Enrolled, request: FastifyRequest, reply: FastifyReply): EnrolledDto {
    this.cookies.signedIn(request, reply, enrolled.session);
    return EnrolledDto.ofEnrolled(enrolled);
  }
}
