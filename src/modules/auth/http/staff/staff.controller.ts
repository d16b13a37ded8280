import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OperatorId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentAccount, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../../platform/http/pagination.js';
import type { AccountPrincipal, Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { AdministerStaff } from '../../core/staff/administer-staff.js';
import { operatorOf } from '../../core/staff/operator-view.js';
import { ReadStaff } from '../../core/staff/read-staff.js';
import { AcceptStaffInvitationDto, AddStaffDto, ChangeStaffDto, StaffDto, StaffInvitationDto } from './staff.dto.js';

@ApiTags('Staff')
@Controller('admin/v1')
export class StaffController {
  constructor(
    private readonly staff: AdministerStaff,
    private readonly reading: ReadStaff,
  ) {}

  /** Lists the operator's staff in the order they were added, disabled ones too. */
  @Get('staff')
  @Requires('staff:read')
  @ApiPage(StaffDto)
  async list(@Query() query: PageQuery): Promise<Page<StaffDto>> {
    const after = decodeCursor(query.cursor, { id: 'id' })?.id as OperatorId | undefined;
    const rows = await this.reading.list(after, query.limit + 1);
    return pageOf(
      rows,
      query.limit,
      ({ id }) => ({ id }),
      (row) => StaffDto.of(operatorOf(row)),
    );
  }

  /** Adds a member of staff. Nobody can act as them before they have an account or a token. */
  @Post('staff')
  @Requires('staff:write')
  @RequiresRecentProof()
  @ApiProblem(409, 'The name is taken (`auth/operator_name_taken`).')
  async add(@Body() { name, role }: AddStaffDto, @CurrentPrincipal() principal: Principal): Promise<StaffDto> {
    return StaffDto.of(await this.staff.add(name, role, principal));
  }

  /** Reads one member of staff. */
  @Get('staff/:operatorId')
  @Requires('staff:read')
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  async read(@Param('operatorId', ParseIdPipe) id: OperatorId): Promise<StaffDto> {
    return StaffDto.of(operatorOf(await this.reading.read(id)));
  }

  /** Renames, promotes, demotes, disables or enables a member of staff, from their next request on. */
  @Patch('staff/:operatorId')
  @Requires('staff:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  @ApiProblem(409, 'The name is taken (`auth/operator_name_taken`), or nobody would administer (`auth/last_administrator`).')
  async change(
    @Param('operatorId', ParseIdPipe) id: OperatorId,
    @Body() { name, role, status }: ChangeStaffDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StaffDto> {
    return StaffDto.of(await this.staff.change(id, { name, role, status }, principal));
  }

  /** Makes an invitation by which a person takes this place with their own account. It is in this answer and nowhere else; the one before ends. */
  @Post('staff/:operatorId/invitation')
  @Header('cache-control', 'no-store')
  @Requires('staff:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  @ApiProblem(409, 'They have an account already (`auth/operator_linked`) or are disabled (`auth/operator_disabled`).')
  async invite(@Param('operatorId', ParseIdPipe) id: OperatorId, @CurrentPrincipal() principal: Principal): Promise<StaffInvitationDto> {
    const { invitation, expiresAt } = await this.staff.invite(id, principal);
    return { invitation, expiresAt: expiresAt.toISOString() };
  }

  /** Takes the account away from a member of staff, and an invitation that waits: no session is theirs from the next request on. */
  @Delete('staff/:operatorId/account')
  @HttpCode(204)
  @Requires('staff:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such operator (`auth/operator_not_found`).')
  async unlink(@Param('operatorId', ParseIdPipe) id: OperatorId, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.staff.unlink(id, principal);
  }

  /** Makes the account that is signed in the one of whom it was invited as. From then on it needs a second factor to sign in. */
  @Post('staff-invitations/accept')
  @HttpCode(200)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiProblem(409, 'The account is another operator’s (`auth/account_is_staff`).')
  @ApiProblem(410, 'There is no such invitation, or not any more (`auth/invitation_not_valid`).')
  @ApiProblem(429, 'Too many requests of this account (`http/too_many_requests`).')
  async accept(@Body() { invitation }: AcceptStaffInvitationDto, @CurrentAccount() account: AccountPrincipal): Promise<StaffDto> {
    return StaffDto.of(await this.staff.accept(invitation, account.id));
  }
}
