import { Controller, Delete, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { AccountId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ResetSecondFactors } from '../../core/second-factor/reset-second-factors.js';

/** Other people's second factors, for operators. */
@ApiTags('Accounts')
@Controller('admin/v1/accounts/:accountId/second-factors')
export class PeopleFactorsController {
  constructor(private readonly factors: ResetSecondFactors) {}

  /**
   * Takes all second factors and recovery codes of a person away who has lost them, and ends their sessions. They are told by mail. Be sure of who is
   * asking: this is the way in for whoever has somebody's password.
   */
  @Delete()
  @HttpCode(204)
  @Requires('accounts:write')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is no such account (`accounts/account_not_found`).')
  reset(@Param('accountId', ParseIdPipe) id: AccountId, @CurrentPrincipal() principal: Principal): Promise<void> {
    return this.factors.run(id, principal);
  }
}
