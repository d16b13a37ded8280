import { Body, Controller, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, CurrentSignIn, FinishesSignIn } from '../../../../platform/http/access.js';
import type { SignInProgress } from '../../../../platform/http/principal.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { BeginRegistration } from '../../core/second-factor/begin-registration.js';
import { RegisterSecurityKey } from '../../core/second-factor/register-security-key.js';
import { EnrolledDto, PublicKeyOptionsDto, RegisterSecurityKeyDto } from './second-factors.dto.js';
import { registrationAnswer } from './webauthn-answers.js';

const RECENT =
  'The last proof of who calls is older than ten minutes (`second_factors/present_again`, `http/step_up_required`, `second_factors/sign_in_again`).';

/** Registering a security key or passkey: open to the same sessions as setting an authenticator app up. */
@ApiTags('Second factors')
@Controller('api/v1/account/second-factors/security-keys')
export class KeyEnrolmentController {
  constructor(
    private readonly registrations: BeginRegistration,
    private readonly keys: RegisterSecurityKey,
    private readonly cookies: SessionCookies,
  ) {}

  /** Gives what the browser needs to make a security key or passkey. */
  @Post('options')
  @HttpCode(200)
  @FinishesSignIn()
  @ApiProblem(403, RECENT)
  @ApiProblem(503, 'Security keys need a domain name and TLS (`second_factors/webauthn_unavailable`).')
  async securityKeyOptions(@CurrentSignIn() signIn: SignInProgress): Promise<PublicKeyOptionsDto> {
    return { publicKey: await this.registrations.run(signIn) };
  }

  /** Registers the security key the browser has made. The session has shown a second factor with that; its cookie is new. */
  @Post()
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
    const enrolled = await this.keys.run(signIn, body.name, registrationAnswer(body.credential));
    this.cookies.signedIn(request, reply, enrolled.session);
    return EnrolledDto.ofEnrolled(enrolled);
  }
}
