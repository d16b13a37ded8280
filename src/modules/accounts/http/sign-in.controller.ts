import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSecret } from '../../../kernel/secrets.js';
import { ApiProblem, FromOwnPages, Public } from '../../../platform/http/access.js';
import { CountsSignIn } from '../../../platform/http/counted-sign-in.js';
import { RateLimited } from '../../../platform/http/rate-limit.guard.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { BROWSER_COOKIE_SECONDS } from '../core/links/link-kinds.js';
import { RequestLink } from '../core/sign-in/request-link.js';
import { SignInWithLink } from '../core/sign-in/sign-in-with-link.js';
import { SignInWithPassword } from '../core/sign-in/sign-in-with-password.js';
import { EmailDto, LinkTokenDto, MailRequestedDto, PasswordSignInDto, SignedInDto } from './sign-in.dto.js';

@ApiTags('Sign-in')
@Controller('api/v1/sign-in')
export class SignInController {
  constructor(
    private readonly passwords: SignInWithPassword,
    private readonly requests: RequestLink,
    private readonly links: SignInWithLink,
    private readonly cookies: SessionCookies,
  ) {}

  /** Signs in by e-mail address or username and password. */
  @Post('password')
  @CountsSignIn('password')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(401, 'The name or the password is wrong (`accounts/sign_in_refused`).')
  async password(
    @Body() body: PasswordSignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    const session = await this.passwords.run(body.name, body.password, this.cookies.originOf(request));
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }

  /** Mails a link to sign in with: it works once, for 10 minutes, in this browser. */
  @Post('email-link')
  @HttpCode(202)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  async requestLink(
    @Body() body: EmailDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MailRequestedDto> {
    const nonce = this.cookies.browserNonce(request) ?? newSecret();
    await this.requests.run('sign_in', body.email, this.cookies.originOf(request), nonce);
    this.cookies.bindBrowser(reply, nonce, BROWSER_COOKIE_SECONDS);
    return new MailRequestedDto();
  }

  /** Signs in with the link that was mailed. */
  @Post('email-link/confirm')
  @CountsSignIn('email_link')
  @HttpCode(200)
  @Public()
  @FromOwnPages()
  @RateLimited(60)
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async link(
    @Body() body: LinkTokenDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    const session = await this.links.run(body.token, this.cookies.browserNonce(request), this.cookies.originOf(request));
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
