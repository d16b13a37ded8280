import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { callScope } from '../core/call-scope.js';
import { FindEndUser } from '../core/find-end-user.js';
import { EndUserDto, FindEndUserDto } from './end-users.dto.js';

@ApiTags('Usage')
@Controller('api/v1/organisations/:organisationId/end-users')
export class EndUsersController {
  constructor(private readonly endUsers: FindEndUser) {}

  /**
   * Finds one of the organisation's own end users by the name its calls give them. The name is part of no address and is not kept; the id answers for
   * them in `GET /api/v1/usage/requests?endUserId=…`. A service key sees the calls of its own project.
   */
  @Post('find')
  @HttpCode(200)
  @Requires('usage:read')
  @ApiProblem(404, 'The caller may not see that organisation, or there is none (`lethe/not_found`).')
  @ApiProblem(503, 'The key of the hash is not open yet (`usage/end_users_not_ready`).')
  async find(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Body() { name }: FindEndUserDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<EndUserDto> {
    const { id, calls, firstCallAt, lastCallAt } = await this.endUsers.run(
      { ...callScope(principal, { organisationId }), organisationId },
      name,
    );
    return { id, calls, firstCallAt: firstCallAt?.toISOString() ?? null, lastCallAt: lastCallAt?.toISOString() ?? null };
  }
}
