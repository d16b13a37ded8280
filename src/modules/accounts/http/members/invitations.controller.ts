import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import type { Inviter } from '../../core/invitations/audited-invitations.js';
import { InviteMember } from '../../core/invitations/invite-member.js';
import { ReadInvitations } from '../../core/invitations/read-invitations.js';
import { ResendInvitation } from '../../core/invitations/resend-invitation.js';
import { RevokeInvitation } from '../../core/invitations/revoke-invitation.js';
import { InvitationDto, InviteDto } from './invitations.dto.js';

@ApiTags('Invitations')
@Controller('api/v1/organisations/:organisationId/invitations')
export class InvitationsController {
  constructor(
    private readonly inviting: InviteMember,
    private readonly resending: ResendInvitation,
    private readonly revocation: RevokeInvitation,
    private readonly invitations: ReadInvitations,
  ) {}

  /** Invites somebody by mail. The answer does not tell whether the address has an account. */
  @Post()
  @Requires('members:write')
  @RequiresRecentProof()
  @ApiProblem(403, 'The role may do more than one’s own (`members/role_beyond_yours`), or the permission or a fresh proof is missing.')
  @ApiProblem(
    409,
    'The address is invited already (`members/invitation_exists`), belongs to a member (`members/already_member`), or too many invitations wait (`members/too_many_invitations`).',
  )
  @ApiProblem(429, 'Too many have been sent (`members/invited_too_often`).')
  async invite(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { email, role, locale }: InviteDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvitationDto> {
    const inviter = inviterIn(principal, organisationId);
    return InvitationDto.of(await this.inviting.run({ organisationId, email, role, locale: locale ?? null }, inviter));
  }

  /** Lists the invitations that have not been taken up. */
  @Get()
  @Requires('members:write')
  @ApiPage(InvitationDto)
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<InvitationDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as InvitationId | undefined;
    const rows = await this.invitations.list(organisationId, after, query.limit + 1);
    return pageOf(rows, query.limit, ({ id }) => ({ id }), InvitationDto.of);
  }

  /** Sends an invitation again, with a new link and a new week. The old link ends. */
  @Post(':invitationId/resend')
  @HttpCode(200)
  @Requires('members:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such invitation (`members/invitation_not_found`).')
  @ApiProblem(429, 'It has been sent a moment ago, or too often (`members/invited_too_often`).')
  async resend(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('invitationId', ParseIdPipe) id: InvitationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvitationDto> {
    return InvitationDto.of(await this.resending.run(organisationId, id, inviterIn(principal, organisationId)));
  }

  /** Takes an invitation back. Its link ends at once. */
  @Delete(':invitationId')
  @HttpCode(204)
  @Requires('members:write')
  @ApiProblem(404, 'The organisation has no such invitation (`members/invitation_not_found`).')
  async revoke(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('invitationId', ParseIdPipe) id: InvitationId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.revocation.run(organisationId, id, inviterIn(principal, organisationId));
  }
}

/** No service key has the permission; this says so to the compiler too. */
function inviterIn(principal: Principal, organisationId: OrganisationId): Inviter {
  organisationScope(principal, organisationId);
  if (principal.kind === 'service_key') throw httpErrors.forbidden();
  return principal;
}
