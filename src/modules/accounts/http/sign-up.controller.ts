import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSecret } from '../../../kernel/secrets.js';
import { ApiProblem, FromOwnPages, Public } from '../../../platform/http/access.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { BROWSER_COOKIE_SECONDS } from '../core/links/link-kinds.js';
import { ConfirmSignUp } from '../core/sign-up/confirm-sign-up.js';
import { RequestSignUp } from '../core/sign-up/request-sign-up.js';
import { LinkTokenDto, MailRequestedDto, SignedInDto, SignUpDto } from './sign-in.dto.js';

@ApiTags('Sign-up')
@Controller('api/v1/sign-up')
export class SignUpController {
  constructor(
    private readonly requests: RequestSignUp,
    private readonly confirmation: ConfirmSignUp,
    private readonly cookies: SessionCookies,
  ) {}

  /** Asks for an account: mails a link that works once, for an hour, in this browser. */
  @Post()
  @HttpCode(202)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  async request(
    @Body() body: SignUpDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MailRequestedDto> {
    const nonce = this.cookies.browserNonce(request) ?? newSecret();
    const { email, password = null, displayName = null, locale, isOldEnough } = body;
    await this.requests.run({ email, password, displayName, locale, isOldEnough }, this.cookies.originOf(request), nonce);
    this.cookies.bindBrowser(reply, nonce, BROWSER_COOKIE_SECONDS);
    return new MailRequestedDto();
  }

  /** Makes the account and signs in, with the link that was mailed. */
  @Post('confirm')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(409, 'The address has an account by now (`accounts/email_taken`).')
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async confirm(
    @Body() body: LinkTokenDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    const session = await this.confirmation.run(body.token, this.cookies.browserNonce(request), this.cookies.originOf(request));
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
