import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires } from '../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../platform/http/principal.js';
import { ChangeProfile } from '../core/profile/change-profile.js';
import { ReadAccount } from '../core/profile/read-account.js';
import { AccountDto, ChangeAccountDto } from './account.dto.js';

/** One's own account. */
@ApiTags('Account')
@Controller('api/v1/account')
export class AccountController {
  constructor(
    private readonly reading: ReadAccount,
    private readonly profile: ChangeProfile,
  ) {}

  /** Reads one's own account. */
  @Get()
  @Requires('account:manage')
  async read(@CurrentAccount() { id }: AccountPrincipal): Promise<AccountDto> {
    return AccountDto.of(await this.reading.own(id));
  }

  /** Changes names, language and phone number. */
  @Patch()
  @Requires('account:manage')
  @ApiProblem(409, 'Another account has this username (`accounts/username_taken`).')
  async change(@Body() body: ChangeAccountDto, @CurrentAccount() { id }: AccountPrincipal): Promise<AccountDto> {
    await this.profile.run(id, body);
    return AccountDto.of(await this.reading.own(id));
  }
}
