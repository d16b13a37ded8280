import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, CurrentSignIn, FinishesSignIn } from '../../../../platform/http/access.js';
import { CountsSignIn } from '../../../../platform/http/counted-sign-in.js';
import type { SignInProgress } from '../../../../platform/http/principal.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { BeginAssertion } from '../../core/second-factor/begin-assertion.js';
import { CheckSecurityKey } from '../../core/second-factor/check-security-key.js';
import { SignedInDto } from '../sign-in.dto.js';
import { PublicKeyOptionsDto, SecurityKeyAnswerDto } from './second-factors.dto.js';
import { assertionAnswer } from './webauthn-answers.js';

const REFUSED = 'The factor was not accepted (`second_factors/refused`), or the session has ended (`accounts/session_ended`).';

/** Presenting a security key. In a session that is signed in already it is a fresh proof, as dangerous acts ask for. */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/second-factor/security-key')
export class SignInKeysController {
  constructor(
    private readonly assertions: BeginAssertion,
    private readonly keys: CheckSecurityKey,
    private readonly cookies: SessionCookies,
  ) {}

  /** Gives what the browser needs to ask one of the account's security keys. */
  @Post('options')
  @HttpCode(200)
  @FinishesSignIn()
  @ApiProblem(409, 'The account has no security key (`second_factors/none_enrolled`).')
  async securityKeyOptions(@CurrentSignIn() signIn: SignInProgress): Promise<PublicKeyOptionsDto> {
    return { publicKey: await this.assertions.asSecondFactor(signIn) };
  }

  /** Takes what a security key has signed. */
  @Post()
  @CountsSignIn('webauthn')
  @HttpCode(200)
  @FinishesSignIn()
  @ApiProblem(401, REFUSED)
  async presentSecurityKey(
    @Body() body: SecurityKeyAnswerDto,
    @CurrentSignIn() signIn: SignInProgress,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    const session = await this.keys.run(signIn, assertionAnswer(body.credential));
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
