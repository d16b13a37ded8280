import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblem, CurrentAccount, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { ListSecondFactors } from '../../core/second-factor/list-second-factors.js';
import { RemoveSecondFactor } from '../../core/second-factor/remove-second-factor.js';
import { RenameSecurityKey } from '../../core/second-factor/rename-security-key.js';
import { ReplaceRecoveryCodes } from '../../core/second-factor/replace-recovery-codes.js';
import type { SecondFactorSession } from '../../core/second-factor/second-factor-session.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { RecoveryCodesDto, RenameSecurityKeyDto, SecondFactorsDto } from './second-factors.dto.js';

const LAST = 'It is the last one, and an organisation demands one (`second_factors/last_demanded`).';

@ApiTags('Second factors')
@Controller('api/v1/account/second-factors')
export class SecondFactorsController {
  constructor(
    private readonly factors: ListSecondFactors,
    private readonly removal: RemoveSecondFactor,
    private readonly naming: RenameSecurityKey,
    private readonly codes: ReplaceRecoveryCodes,
  ) {}

  /** Lists one's second factors. */
  @Get()
  @Requires('account:manage')
  async list(@CurrentAccount() account: AccountPrincipal): Promise<SecondFactorsDto> {
    return SecondFactorsDto.of(await this.factors.run(account.id));
  }

  /** Removes the authenticator app. */
  @Delete('totp')
  @HttpCode(204)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is none (`second_factors/not_found`).')
  @ApiProblem(409, LAST)
  removeTotp(@CurrentAccount() account: AccountPrincipal): Promise<void> {
    return this.removal.totp(sessionOf(account));
  }

  /** Gives a security key another name. */
  @Patch('security-keys/:securityKeyId')
  @HttpCode(204)
  @Requires('account:manage')
  @ApiProblem(404, 'There is none (`second_factors/not_found`).')
  rename(
    @Param('securityKeyId', ParseIdPipe) id: WebauthnCredentialId,
    @Body() body: RenameSecurityKeyDto,
    @CurrentAccount() account: AccountPrincipal,
  ): Promise<void> {
    return this.naming.run(account.id, id, body.name);
  }

  /** Removes a security key. */
  @Delete('security-keys/:securityKeyId')
  @HttpCode(204)
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiProblem(404, 'There is none (`second_factors/not_found`).')
  @ApiProblem(409, LAST)
  removeSecurityKey(
    @Param('securityKeyId', ParseIdPipe) id: WebauthnCredentialId,
    @CurrentAccount() account: AccountPrincipal,
  ): Promise<void> {
    return this.removal.securityKey(sessionOf(account), id);
  }

  /** Makes ten new recovery codes. They are in this answer and nowhere else; those before are void. */
  @Post('recovery-codes')
  @Header('cache-control', 'no-store')
  @Requires('account:manage')
  @RequiresRecentProof()
  @ApiProblem(409, 'There is no factor for them to stand in for (`second_factors/none_enrolled`).')
  async replaceRecoveryCodes(@CurrentAccount() account: AccountPrincipal): Promise<RecoveryCodesDto> {
    return { recoveryCodes: [...(await this.codes.run(sessionOf(account)))] };
  }
}

function sessionOf({ id, sessionId }: AccountPrincipal): SecondFactorSession {
  return { accountId: id, sessionId };
}
