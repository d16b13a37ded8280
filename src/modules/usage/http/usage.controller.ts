import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { CallId } from '../../../kernel/ids.js';
import { ApiProblem, CurrentPrincipal, Requires } from '../../../platform/http/access.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../../platform/http/pagination.js';
import type { Principal } from '../../../platform/http/principal.js';
import { ParseIdPipe } from '../../../platform/http/validation.js';
import { callScope } from '../core/call-scope.js';
import type { CallView } from '../core/call-view.js';
import { ReadCalls } from '../core/read-calls.js';
import { UsageAnalytics } from '../usage-analytics.contract.js';
import { askedScope, CallDto, callFilter, CallsQuery, UsageSummaryQuery } from './usage.dto.js';
import { UsageSummaryDto } from './usage-summary.dto.js';

@ApiTags('Usage')
@Controller('api/v1/usage')
export class UsageController {
  constructor(
    private readonly calls: ReadCalls,
    private readonly analytics: UsageAnalytics,
  ) {}

  /** Lists calls newest first, those in flight included. A service key sees the calls of its own project. */
  @Get('requests')
  @Requires('usage:read')
  @ApiPage(CallDto)
  @ApiProblem(404, 'The caller may not see that organisation or project, or there is none (`lethe/not_found`).')
  async list(@Query() query: CallsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<CallDto>> {
    const scope = callScope(principal, askedScope(query));
    const before = decodeCursor(query.cursor, { id: 'id' })?.id as CallId | undefined;
    const views = await this.calls.list(scope, callFilter(query), { before, limit: query.limit + 1 });
    return pageOf(
      views,
      query.limit,
      ({ id }) => ({ id }),
      (view: CallView): CallDto => view,
    );
  }

  /** Shows one call with its routing trace. What was said in it, and whether that is kept, is in no record: reading the content alone tells (C3). */
  @Get('requests/:callId')
  @Requires('usage:read')
  @ApiProblem(404, 'No such call, or its record has expired (`usage/call_not_found`).')
  get(@Param('callId', ParseIdPipe) id: CallId, @CurrentPrincipal() principal: Principal): Promise<CallDto> {
    return this.calls.get(callScope(principal), id);
  }

  /** Sums up calls, tokens and cost by any of model, provider, project, key and day. */
  @Get('summary')
  @Requires('usage:read')
  @ApiProblem(404, 'The caller may not see that organisation or project, or there is none (`lethe/not_found`).')
  async summary(@Query() query: UsageSummaryQuery, @CurrentPrincipal() principal: Principal): Promise<UsageSummaryDto> {
    const scope = callScope(principal, askedScope(query));
    const { groupBy, limit } = query;
    return UsageSummaryDto.of(await this.analytics.summarise({ scope, filter: callFilter(query), groupBy, limit }));
  }
}
