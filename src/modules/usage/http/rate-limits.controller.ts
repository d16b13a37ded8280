import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { OrganisationId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { DeleteRateLimit } from '../core/delete-rate-limit.js';
import type { LimitTarget } from '../core/limit-scopes.js';
import { ListRateLimits } from '../core/list-rate-limits.js';
import { SetRateLimit } from '../core/set-rate-limit.js';
import type { RateLimitId } from '../data/rate-limit.entity.js';
import { RateLimitDto, RateLimitParams, SetRateLimitDto } from './rate-limits.dto.js';

@ApiTags('Rate limits')
@Controller('api/v1/organisations/:organisationId/rate-limits')
export class RateLimitsController {
  constructor(
    private readonly listRateLimits: ListRateLimits,
    private readonly setRateLimit: SetRateLimit,
    private readonly deleteRateLimit: DeleteRateLimit,
  ) {}

  /** Lists the rate limits of an organisation, its projects and its keys, newest first. */
  @Get()
  @Requires('limits:read')
  @ApiPage(RateLimitDto)
  async list(
    @Param('organisationId', ParseIdPipe) organisationId: OrganisationId,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<RateLimitDto>> {
    organisationScope(principal, organisationId);
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as RateLimitId | undefined;
    const limits = await this.listRateLimits.run(organisationId, { before, limit: query.limit + 1 });
    return pageOf(limits, query.limit, ({ id }) => ({ id }), RateLimitDto.of);
  }

  /** Sets the rate limit of an organisation, a project or a key, in place of the one it had. */
  @Put(':scope/:scopeId')
  @Requires('limits:write')
  @ApiProblem(404, 'No such organisation, project or key.')
  async set(
    @Param() params: RateLimitParams,
    @Body() body: SetRateLimitDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RateLimitDto> {
    return RateLimitDto.of(await this.setRateLimit.run(principal, target(params, principal), body));
  }

  /** Lifts a rate limit. */
  @Delete(':scope/:scopeId')
  @HttpCode(204)
  @Requires('limits:write')
  @ApiProblem(404, 'No such rate limit (`usage/rate_limit_not_found`).')
  delete(@Param() params: RateLimitParams, @CurrentPrincipal() principal: Principal): Promise<void> {
    return this.deleteRateLimit.run(principal, target(params, principal));
  }
}

function target(params: RateLimitParams, principal: Principal): LimitTarget {
  const organisationId = params.organisationId.toLowerCase() as OrganisationId;
  organisationScope(principal, organisationId);
  return { organisationId, scope: params.scope, scopeId: params.scopeId.toLowerCase() };
}
