import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, CurrentSignIn, FinishesSignIn } from '../../../../platform/http/access.js';
import { CountsSignIn } from '../../../../platform/http/counted-sign-in.js';
import type { SignInProgress } from '../../../../platform/http/principal.js';
import { RateLimited } from '../../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../../platform/http/session-cookies.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { CheckTotpCode } from '../../core/second-factor/check-totp-code.js';
import { ListSecondFactors } from '../../core/second-factor/list-second-factors.js';
import { UseRecoveryCode } from '../../core/second-factor/use-recovery-code.js';
import { SecondFactorCodeDto, SignInFactorsDto } from './second-factors.dto.js';
import { SignedInDto } from '../sign-in.dto.js';

const REFUSED = 'The factor was not accepted (`second_factors/refused`), or the session has ended (`accounts/session_ended`).';
const WAIT = 'Too many wrong codes in a row (`second_factors/too_many_attempts`); `Retry-After` says how long to wait.';

/** Presenting a second factor. In a session that is signed in already it is a fresh proof, as dangerous acts ask for. */
@ApiTags('Sign-in')
@Controller('api/v1/sign-in/second-factor')
export class SignInFactorsController {
  constructor(
    private readonly factors: ListSecondFactors,
    private readonly totp: CheckTotpCode,
    private readonly recovery: UseRecoveryCode,
    private readonly cookies: SessionCookies,
  ) {}

  /** Says how far the session has come and what may be presented in it. */
  @Get()
  @FinishesSignIn()
  async read(@CurrentSignIn() signIn: SignInProgress): Promise<SignInFactorsDto> {
    return SignInFactorsDto.of(signIn.state, await this.factors.run(signIn.accountId));
  }

  /** Takes a code of the authenticator app. Each is good once. */
  @Post('totp')
  @CountsSignIn('totp')
  @HttpCode(200)
  @FinishesSignIn()
  @ApiProblem(401, REFUSED)
  @ApiProblem(429, WAIT)
  async presentTotp(
    @Body() body: SecondFactorCodeDto,
    @CurrentSignIn() signIn: SignInProgress,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    return this.step(await this.totp.run(signIn, body.code), request, reply);
  }

  /** Takes a recovery code in place of a factor. It is used up, and the account's owner is told. */
  @Post('recovery-code')
  @CountsSignIn('recovery_code')
  @HttpCode(200)
  @FinishesSignIn()
  @RateLimited(60)
  @ApiProblem(401, REFUSED)
  async presentRecoveryCode(
    @Body() body: SecondFactorCodeDto,
    @CurrentSignIn() signIn: SignInProgress,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    return this.step(await this.recovery.run(signIn, body.code), request, reply);
  }

  private step(session: OpenedSession, request: FastifyRequest, reply: FastifyReply): SignedInDto {
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
