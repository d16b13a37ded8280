import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../kernel/clock.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import type { Principal } from '../../../platform/http/principal.js';
import { callScope } from '../core/call-scope.js';
import { UsageAnalytics } from '../usage-analytics.contract.js';
import { askedScope } from './usage.dto.js';
import { seriesRequest, UsageSeriesDto, UsageSeriesQuery } from './usage-analytics.dto.js';

@ApiTags('Usage')
@Controller('api/v1/usage')
export class UsageAnalyticsController {
  constructor(
    private readonly analytics: UsageAnalytics,
    private readonly clock: Clock,
  ) {}

  /** Shows calls, tokens, cost and percentiles of durations by hour or UTC day. A service key sees those of its own project. */
  @Get('timeseries')
  @Requires('usage:read')
  @ApiProblem(404, 'The caller may not see that organisation or project, or there is none (`lethe/not_found`).')
  async timeseries(@Query() query: UsageSeriesQuery, @CurrentPrincipal() principal: Principal): Promise<UsageSeriesDto> {
    const request = seriesRequest(query, callScope(principal, askedScope(query)), this.clock.nowMs());
    return UsageSeriesDto.of(await this.analytics.series(request), request);
  }
}
