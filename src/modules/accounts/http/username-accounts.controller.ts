import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, FromOwnPages, Public } from '../../../platform/http/access.js';
import { CountsSignIn } from '../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { RecoverByCode } from '../core/recovery/recover-by-code.js';
import { SignUpByUsername } from '../core/sign-up/sign-up-by-username.js';
import { RecoverByCodeDto, RecoveredDto, SignedUpDto, UsernameSignUpDto } from './username.dto.js';

/** Accounts without an e-mail address, where the installation has them (ADR 0049). */
@Controller('api/v1')
export class UsernameAccountsController {
  constructor(
    private readonly signUps: SignUpByUsername,
    private readonly recovery: RecoverByCode,
    private readonly cookies: SessionCookies,
  ) {}

  /** Makes an account known by a username, signs in, and shows its recovery code once. */
  @Post('sign-up/username')
  @ApiTags('Sign-up')
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(403, 'Accounts are not made this way here (`accounts/sign_up_off`, `accounts/identifier_off`, `accounts/method_off`).')
  @ApiProblem(409, 'Another account has this username (`accounts/username_taken`).')
  async signUp(
    @Body() body: UsernameSignUpDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedUpDto> {
    const { username, password, displayName = null, locale, isOldEnough } = body;
    const signedUp = await this.signUps.run({ username, password, displayName, locale, isOldEnough }, this.cookies.originOf(request));
    this.cookies.signedIn(request, reply, signedUp.session);
    return SignedUpDto.of(signedUp);
  }

  /**
   * Sets a new password by the recovery code of an account without an e-mail address, ends all sessions and shows the next code. Second factors stay, and nobody
   * is signed in by this. An address proven in the last seven days is taken away.
   */
  @Post('account/recovery/code')
  @CountsSignIn('password_recovery')
  @HttpCode(200)
  @ApiTags('Account recovery')
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(401, 'The username or the recovery code is wrong (`accounts/recovery_refused`).')
  async recover(@Body() body: RecoverByCodeDto, @Req() request: FastifyRequest): Promise<RecoveredDto> {
    return { recoveryCode: await this.recovery.run(body, this.cookies.originOf(request).remoteAddress) };
  }
}
