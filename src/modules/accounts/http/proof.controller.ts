import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSecret } from '../../../kernel/secrets.js';
import { ApiProblem, CurrentAccount, Requires } from '../../../platform/http/access.js';
import { CountsSignIn } from '../../../platform/http/counted-sign-in.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import type { OpenedSession } from '../accounts.contract.js';
import { BROWSER_COOKIE_SECONDS } from '../core/links/link-kinds.js';
import { ProveByLink } from '../core/step-up/prove-by-link.js';
import { ProveByPassword } from '../core/step-up/prove-by-password.js';
import { ProvePasswordDto } from './account.dto.js';
import { LinkTokenDto, MailRequestedDto, SignedInDto } from './sign-in.dto.js';

/** Proving once more who one is, before a dangerous act. The session gets a new token each time. */
@ApiTags('Account')
@Controller('api/v1/account/proof')
export class ProofController {
  constructor(
    private readonly password: ProveByPassword,
    private readonly link: ProveByLink,
    private readonly cookies: SessionCookies,
  ) {}

  /** By password. */
  @Post('password')
  @CountsSignIn('proof')
  @HttpCode(200)
  @Requires('account:manage')
  @ApiProblem(409, 'The account has no password (`accounts/no_password`).')
  @ApiProblem(429, 'Too many attempts (`http/too_many_requests`).')
  async byPassword(
    @Body() body: ProvePasswordDto,
    @CurrentAccount() account: AccountPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    return this.renewed(await this.password.run(account, body.password), request, reply);
  }

  /** By a link to the account's address, which works once, for 10 minutes, in this browser. */
  @Post('email-link')
  @HttpCode(202)
  @Requires('account:manage')
  @ApiProblem(429, 'Too many attempts (`http/too_many_requests`).')
  async requestLink(
    @CurrentAccount() account: AccountPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MailRequestedDto> {
    const nonce = this.cookies.browserNonce(request) ?? newSecret();
    await this.link.request(account, this.cookies.originOf(request).remoteAddress, nonce);
    this.cookies.bindBrowser(reply, nonce, BROWSER_COOKIE_SECONDS);
    return new MailRequestedDto();
  }

  /** Uses that link. */
  @Post('email-link/confirm')
  @CountsSignIn('proof')
  @HttpCode(200)
  @Requires('account:manage')
  @ApiProblem(410, 'The link is not valid any more (`accounts/link_not_valid`).')
  async byLink(
    @Body() body: LinkTokenDto,
    @CurrentAccount() account: AccountPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInDto> {
    return this.renewed(await this.link.confirm(account, body.token, this.cookies.browserNonce(request)), request, reply);
  }

  private renewed(session: OpenedSession, request: FastifyRequest, reply: FastifyReply): SignedInDto {
    this.cookies.signedIn(request, reply, session);
    return SignedInDto.of(session);
  }
}
