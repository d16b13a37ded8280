import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../../kernel/clock.js';
import type { ApiKeyId, OrganisationId } from '../../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires, RequiresRecentProof } from '../../../../platform/http/access.js';
import { organisationScope } from '../../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../../platform/http/validation.js';
import { BlockKey } from '../../core/abuse/block-key.js';
import { ReleaseKey } from '../../core/abuse/release-key.js';
import { KeyBlockDto } from './key-block.dto.js';

/** The operator's way to a key that harms others. It opens nothing of the organisation's: the answers say that a key is blocked, and not what it is called. */
@ApiTags('Keys')
@Controller('admin/v1/organisations/:organisationId/keys/:keyId')
export class OperatorKeyBlocksController {
  constructor(
    private readonly blocking: BlockKey,
    private readonly releasing: ReleaseKey,
    private readonly clock: Clock,
  ) {}

  /** Blocks an API key: every replica refuses it within a second, and its organisation is told. Only an operator can release it then. */
  @Post('block')
  @HttpCode(200)
  @Requires('keys:block')
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  @ApiProblem(409, 'The key has been revoked (`auth/key_revoked`).')
  async block(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyBlockDto> {
    organisationScope(principal, organisationId);
    return KeyBlockDto.of(await this.blocking.run({ organisationId, id }, principal), this.clock.nowMs());
  }

  /** Lets a blocked API key work again, whoever or whatever blocked it. */
  @Post('release')
  @HttpCode(200)
  @Requires('keys:block')
  @RequiresRecentProof()
  @ApiProblem(404, 'The organisation has no such key (`auth/key_not_found`).')
  @ApiProblem(409, 'The key has been revoked (`auth/key_revoked`).')
  async release(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Param('keyId', ParseIdPipe) id: ApiKeyId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<KeyBlockDto> {
    organisationScope(principal, organisationId);
    return KeyBlockDto.of(await this.releasing.run({ organisationId, id }, principal), this.clock.nowMs());
  }
}
