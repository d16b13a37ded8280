import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires } from '../../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { AcceptInvitation } from '../../core/invitations/accept-invitation.js';
import { AcceptedInvitationDto, AcceptInvitationDto } from './invitations.dto.js';

@ApiTags('Invitations')
@Controller('api/v1/invitations')
export class InvitationAcceptanceController {
  constructor(private readonly acceptance: AcceptInvitation) {}

  /**
   * Takes an invitation up, for the account that is signed in. It must have the invited address; if it has not proven that yet, the link proves it.
   * A link works once.
   */
  @Post('accept')
  @HttpCode(200)
  @Requires('account:manage')
  @ApiProblem(403, 'The invitation is for another address (`members/invitation_for_another`).')
  @ApiProblem(409, 'Already a member (`tenants/already_member`), or another account has proven the address (`accounts/email_taken`).')
  @ApiProblem(410, 'The link has expired, was used or taken back, or never was one (`members/invitation_not_valid`).')
  accept(@Body() { token }: AcceptInvitationDto, @CurrentAccount() account: AccountPrincipal): Promise<AcceptedInvitationDto> {
    return this.acceptance.run(token, account);
  }
}
