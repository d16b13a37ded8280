import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires } from '../../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { ServeDuty } from '../../core/staff/serve-duty.js';
import { DutyDto } from './duty.dto.js';

/** A session's own duty: these three routes are its owner's, on duty or not. */
@ApiTags('Duty')
@Controller('admin/v1/duty')
export class DutyController {
  constructor(private readonly duty: ServeDuty) {}

  /** Says whether this session acts as operator, as whom and until when. */
  @Get()
  @Requires('account:manage')
  @ApiProblem(429, 'Too many requests of this account (`http/too_many_requests`).')
  async read(@CurrentAccount() account: AccountPrincipal): Promise<DutyDto> {
    return DutyDto.of(await this.duty.read(account));
  }

  /**
   * Raises this session to operator duty: from the next request on it acts as the operator its account belongs to, and as nothing else, until its time is up,
   * it is ended, or its owner signs out. Asks for a second factor shown in this session within the last five minutes.
   */
  @Post()
  @HttpCode(200)
  @Requires('account:manage')
  @ApiProblem(429, 'Too many requests of this account (`http/too_many_requests`).')
  @ApiProblem(
    403,
    'The account is none of the staff’s (`auth/not_staff`), or a second factor is missing (`auth/duty_needs_second_factor`) or too old (`http/step_up_required`).',
  )
  async begin(@CurrentAccount() account: AccountPrincipal): Promise<DutyDto> {
    return DutyDto.of(await this.duty.begin(account));
  }

  /** Ends it. Without a duty it changes nothing. */
  @Delete()
  @HttpCode(204)
  @Requires('account:manage')
  @ApiProblem(429, 'Too many requests of this account (`http/too_many_requests`).')
  async end(@CurrentAccount() account: AccountPrincipal): Promise<void> {
    await this.duty.end(account);
  }
}
