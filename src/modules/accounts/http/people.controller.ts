import { Body, Controller, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { AccountId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { toAccountSummary } from '../core/committed-accounts.js';
import { ChangeAccountStatus } from '../core/operator/change-account-status.js';
import { RemoveMinor } from '../core/operator/remove-minor.js';
import { ReadAccount } from '../core/profile/read-account.js';
import { ChangePersonDto, FindPersonDto, PersonDto } from './account.dto.js';

/** Other people's accounts, for operators. */
@ApiTags('Accounts')
@Controller('admin/v1/accounts')
export class PeopleController {
  constructor(
    private readonly reading: ReadAccount,
    private readonly status: ChangeAccountStatus,
    private readonly removal: RemoveMinor,
  ) {}

  /** Finds the account that has proven an e-mail address, or has a username. A POST, because addresses of requests are written to logs on their way. */
  @Post('search')
  @HttpCode(200)
  @Requires('accounts:read')
  @ApiProblem(404, 'No account has this address or username (`accounts/account_not_found`).')
  async search(@Body() body: FindPersonDto): Promise<PersonDto> {
    return PersonDto.of(toAccountSummary(await this.reading.byName(body)));
  }

  /** Reads an account. */
  @Get(':accountId')
  @Requires('accounts:read')
  @ApiProblem(404, 'There is no such account (`accounts/account_not_found`).')
  async read(@Param('accountId', ParseIdPipe) id: AccountId): Promise<PersonDto> {
    return PersonDto.of(toAccountSummary((await this.reading.own(id)).account));
  }

  /** Blocks or releases an account. */
  @Patch(':accountId')
  @Requires('accounts:write')
  @ApiProblem(404, 'There is no such account (`accounts/account_not_found`).')
  async change(
    @Param('accountId', ParseIdPipe) id: AccountId,
    @Body() body: ChangePersonDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PersonDto> {
    return PersonDto.of(await this.status.run(id, body.status, principal));
  }

  /** The "minor found" procedure (A6): removes the account and all that hangs on it at once; what stays is a day and a reason. */
  @Post(':accountId/minor-found')
  @HttpCode(204)
  @Requires('accounts:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such account (`accounts/account_not_found`).')
  @ApiProblem(
    409,
    'An organisation would be left without an owner (`accounts/account_still_needed`), or a legal hold names the account (`retention/held`).',
  )
  async minorFound(@Param('accountId', ParseIdPipe) id: AccountId, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.removal.run(id, principal);
  }
}
