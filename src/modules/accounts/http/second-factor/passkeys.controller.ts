import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, FromOwnPages, Public } from '../../../../platform/http/access.js';
import { CountsSignIn } from '../../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import { BeginAssertion } from '../../core/second-factor/begin-assertion.js';
import { SignInWithPasskey } from '../../core/second-factor/sign-in-with-passkey.js';
import { PublicKeyOptionsDto, SecurityKeyAnswerDto } from './second-factors.dto.js';
import { SignedInDto } from '../sign-in.dto.js';
import { assertionAnswer } from './webauthn-answers.js';

/** Signing in with a passkey: no name, no password. */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/passkey')
export class PasskeysController {
  constructor(
    private readonly assertions: BeginAssertion,
    private readonly signIn: SignInWithPasskey,
    private readonly cookies: SessionCookies,
  ) {}

  /** Gives what the browser needs to offer its passkeys for this site. It says nothing of any account. */
  @Post('options')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(30)
  async options(): Promise<PublicKeyOptionsDto> {
    return { publicKey: await this.assertions.asPasskey() };
  }

  /** Signs in whoever the passkey belongs to. The device has verified its user: both factors are shown. */
  @Post()
  @CountsSignIn('webauthn')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(401, 'The passkey was not accepted (`second_factors/refused`).')
  async finish(
    @Body() body: SecurityKeyAnswerDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    const session = await this.signIn.run(assertionAnswer(body.credential), this.cookies.originOf(request));
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
