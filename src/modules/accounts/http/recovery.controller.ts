import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSecret } from '../../../kernel/secrets.js';
import { ApiProblem, FromOwnPages, Public } from '../../../platform/http/access.js';
import { CountsSignIn } from '../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { UndoEmailChange } from '../core/email/undo-email-change.js';
import { BROWSER_COOKIE_SECONDS } from '../core/links/link-kinds.js';
import { RecoverAccount } from '../core/recovery/recover-account.js';
import { RequestLink } from '../core/sign-in/request-link.js';
import { EmailDto, LinkTokenDto, MailRequestedDto, RecoverDto } from './sign-in.dto.js';

/** What an owner can do who cannot sign in. */
@ApiTags('Account recovery')
@Controller('api/v1/account')
export class RecoveryController {
  constructor(
    private readonly requests: RequestLink,
    private readonly recovery: RecoverAccount,
    private readonly undoing: UndoEmailChange,
    private readonly cookies: SessionCookies,
  ) {}

  /** Mails a link to choose a new password with: it works once, for 30 minutes, in this browser. */
  @Post('recovery')
  @HttpCode(202)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  async request(
    @Body() body: EmailDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MailRequestedDto> {
    const nonce = this.cookies.browserNonce(request) ?? newSecret();
    await this.requests.run('recovery', body.email, this.cookies.originOf(request), nonce);
    this.cookies.bindBrowser(reply, nonce, BROWSER_COOKIE_SECONDS);
    return new MailRequestedDto();
  }

  /** Sets a new password and ends all sessions. Second factors stay, and nobody is signed in by this. */
  @Post('recovery/confirm')
  @CountsSignIn('password_recovery')
  @HttpCode(204)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async recover(@Body() body: RecoverDto, @Req() request: FastifyRequest): Promise<void> {
    const { remoteAddress } = this.cookies.originOf(request);
    await this.recovery.run(body.token, body.newPassword, this.cookies.browserNonce(request), remoteAddress);
  }

  /** Gives the account its former e-mail address back, takes its password away and ends all sessions; then recover it. */
  @Post('email/undo')
  @HttpCode(204)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(409, 'Another account has that address by now (`accounts/email_taken`).')
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async undoEmailChange(@Body() body: LinkTokenDto, @Req() request: FastifyRequest): Promise<void> {
    await this.undoing.run(body.token, this.cookies.originOf(request).remoteAddress);
  }
}
