import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentAccount, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { AccountPrincipal, Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ChangeMemberRole } from '../../core/members/change-member-role.js';
import { ReadMembers } from '../../core/members/read-members.js';
import { RemoveMember } from '../../core/members/remove-member.js';
import { ChangeMemberDto, MemberDto } from './members.dto.js';

@ApiTags('Members')
@Controller('api/v1/organisations/:organisationId')
export class MembersController {
  constructor(
    private readonly members: ReadMembers,
    private readonly roles: ChangeMemberRole,
    private readonly removal: RemoveMember,
  ) {}

  /** Lists the members of an organisation. */
  @Get('members')
  @Requires('members:read')
  @ApiPage(MemberDto)
  @ApiProblem(404, 'There is no such organisation (`tenants/organisation_not_found`).')
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<MemberDto>> {
    organisationScope(principal, organisationId);
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as AccountId | undefined;
    const rows = await this.members.list(organisationId, after, query.limit + 1);
    return pageOf(rows, query.limit, ({ accountId }) => ({ id: accountId }), MemberDto.of);
  }

  /** Reads one member. */
  @Get('members/:accountId')
  @Requires('members:read')
  @ApiProblem(404, 'The organisation has no such member (`lethe/not_found`).')
  async read(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('accountId', ParseIdPipe) accountId: AccountId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<MemberDto> {
    organisationScope(principal, organisationId);
    return MemberDto.of(await this.members.one(organisationId, accountId));
  }

  /** Gives a member another role: none that may do more than one's own, neither before nor after. It holds from their next request on. */
  @Patch('members/:accountId')
  @Requires('members:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such member (`tenants/member_not_found`).')
  @ApiProblem(409, 'The organisation would be left without an owner (`tenants/last_owner`).')
  async change(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('accountId', ParseIdPipe) accountId: AccountId,
    @Body() { role }: ChangeMemberDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<MemberDto> {
    organisationScope(principal, organisationId);
    await this.roles.run({ organisationId, accountId }, role, principal);
    return MemberDto.of(await this.members.one(organisationId, accountId));
  }

  /** Removes a member. It holds from their next request on; keys they made stay with the organisation. */
  @Delete('members/:accountId')
  @HttpCode(204)
  @Requires('members:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such member (`tenants/member_not_found`).')
  @ApiProblem(409, 'The organisation would be left without an owner (`tenants/last_owner`).')
  async remove(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('accountId', ParseIdPipe) accountId: AccountId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    organisationScope(principal, organisationId);
    await this.removal.run({ organisationId, accountId }, principal);
  }

  /** Leaves the organisation. */
  @Post('leave')
  @HttpCode(204)
  @Requires('members:read')
  @ApiProblem(409, 'The organisation would be left without an owner (`tenants/last_owner`).')
  async leave(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @CurrentAccount() account: AccountPrincipal,
  ): Promise<void> {
    organisationScope(account, organisationId);
    await this.removal.leave(organisationId, account);
  }
}
