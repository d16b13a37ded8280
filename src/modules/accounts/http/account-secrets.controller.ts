import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiProblem, CurrentAccount, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { SessionCookies } from '../../../platform/http/session-cookies.js';
import { ConfirmEmailChange } from '../core/email/confirm-email-change.js';
import { RequestEmailChange } from '../core/email/request-email-change.js';
import { ChangePassword } from '../core/passwords/change-password.js';
import { ChangePasswordDto } from './account.dto.js';
import { EmailDto, LinkTokenDto, MailRequestedDto } from './sign-in.dto.js';

/** What one signs in with. */
@ApiTags('Account')
@Controller('api/v1/account')
export class AccountSecretsController {
  constructor(
    private readonly passwords: ChangePassword,
    private readonly requests: RequestEmailChange,
    private readonly confirmation: ConfirmEmailChange,
    private readonly cookies: SessionCookies,
  ) {}

  /** Sets a new password. All other sessions end, and the owner is told by mail. */
  @Post('password')
  @HttpCode(204)
  @Requires('account:manage')
  @RequiresRecentProof()
  async changePassword(@Body() body: ChangePasswordDto, @CurrentAccount() account: AccountPrincipal): Promise<void> {
    await this.passwords.run(account, body.newPassword);
  }

  /** Asks for another e-mail address: a link goes there, and word of it to the one the account has. */
  @Post('email')
  @HttpCode(202)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiProblem(429, 'Too many attempts (`http/too_many_requests`).')
  async changeEmail(
    @Body() body: EmailDto,
    @CurrentAccount() account: AccountPrincipal,
    @Req() request: FastifyRequest,
  ): Promise<MailRequestedDto> {
    await this.requests.run(account, body.email, this.cookies.originOf(request).remoteAddress);
    return new MailRequestedDto();
  }

  /** Changes the e-mail address, with the link that was mailed there. All other sessions end; the old address can take it back for seven days. */
  @Post('email/confirm')
  @HttpCode(204)
  @Requires('account:manage')
  @ApiProblem(409, 'Another account has this address (`accounts/email_taken`).')
  @ApiProblem(410, 'The link is not valid any more, or not for this account (`accounts/link_not_valid`).')
  async confirmEmail(@Body() body: LinkTokenDto, @CurrentAccount() account: AccountPrincipal): Promise<void> {
    await this.confirmation.run(account, body.token);
  }
}
