import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, CurrentSignIn, FinishesSignIn } from '../../../../platform/http/access.js';
import type { SignInProgress } from '../../../../platform/http/principal.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { BeginRegistration } from '../../core/second-factor/begin-registration.js';
import { BeginTotp } from '../../core/second-factor/begin-totp.js';
import { ConfirmTotp } from '../../core/second-factor/confirm-totp.js';
import type { Enrolled } from '../../core/second-factor/recovery-codes.js';
import { RegisterSecurityKey } from '../../core/second-factor/register-security-key.js';
import { EnrolledDto, PublicKeyOptionsDto, RegisterSecurityKeyDto, SecondFactorCodeDto, TotpEnrolmentDto } from './second-factors.dto.js';
import { registrationAnswer } from './webauthn-answers.js';

const RECENT =
  'The last proof of who calls is older than ten minutes (`second_factors/present_again`, `http/step_up_required`, `second_factors/sign_in_again`).';

/**
 * Setting a second factor up: for whoever is signed in, and for whoever cannot finish signing in because an organisation demands a factor they do not
 * have. Both must have proven a moment ago who they are.
 */
@ApiTags('Second factors')
@Controller('api/v1/account/second-factors')
export class FactorEnrolmentController {
  constructor(
    private readonly totp: BeginTotp,
    private readonly confirmation: ConfirmTotp,
    private readonly registrations: BeginRegistration,
    private readonly keys: RegisterSecurityKey,
    private readonly cookies: SessionCookies,
  ) {}

  /** Makes a secret for an authenticator app. It is in this answer and nowhere else, and counts once a code of it was confirmed within ten minutes. */
  @Post('totp')
  @Header('cache-control', 'no-store')
  @FinishesSignIn()
  @ApiProblem(403, RECENT)
  @ApiProblem(409, 'The account has an authenticator app (`second_factors/already_enrolled`).')
  async beginTotp(@CurrentSignIn() signIn: SignInProgress): Promise<TotpEnrolmentDto> {
    const { uri, secret, expiresAt } = await this.totp.run(signIn);
    return { uri, secret, expiresAt: expiresAt.toISOString() };
  }

  /** Confirms the authenticator app by its first code. The session has shown a second factor with that; its cookie is new. */
  @Post('totp/confirmation')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @FinishesSignIn()
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

  /** Gives what the browser needs to make a security key or passkey. */
  @Post('security-keys/options')
  @HttpCode(200)
  @FinishesSignIn()
  @ApiProblem(403, RECENT)
  @ApiProblem(503, 'Security keys need a domain name and TLS (`second_factors/webauthn_unavailable`).')
  async securityKeyOptions(@CurrentSignIn() signIn: SignInProgress): Promise<PublicKeyOptionsDto> {
    return { publicKey: await this.registrations.run(signIn) };
  }

  /** Registers the security key the browser has made. The session has shown a second factor with that; its cookie is new. */
  @Post('security-keys')
  @Header('cache-control', 'no-store')
  @FinishesSignIn()
  @ApiProblem(400, 'The key could not be verified (`second_factors/registration_refused`), or the body is not valid.')
  @ApiProblem(
    409,
    'The key is registered already, or the account has too many (`second_factors/already_enrolled`, `second_factors/too_many`).',
  )
  async registerSecurityKey(
    @Body() body: RegisterSecurityKeyDto,
    @CurrentSignIn() signIn: SignInProgress,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnrolledDto> {
    return this.enrolled(await this.keys.run(signIn, body.name, registrationAnswer(body.credential)), request, reply);
  }

  private enrolled(enrolled: Enrolled, request: FastifyRequest, reply: FastifyReply): EnrolledDto {
    this.cookies.signedIn(request, reply, enrolled.session);
    return EnrolledDto.ofEnrolled(enrolled);
  }
}
