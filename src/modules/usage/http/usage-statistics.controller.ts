import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../../kernel/clock.js';
import { Requires } from '../../../platform/http/access.js';
import { ReadStatistics } from '../core/rollups/read-statistics.js';
import { statisticsDays, UsageStatisticsDto, UsageStatisticsQuery } from './usage-statistics.dto.js';

@ApiTags('Usage')
@Controller('admin/v1/statistics')
export class UsageStatisticsController {
  constructor(
    private readonly statistics: ReadStatistics,
    private readonly clock: Clock,
  ) {}

  /** Shows calls, failures, tokens and durations by day, provider and model over all organisations, where so many used it that it tells of none of them. */
  @Get()
  @Requires('statistics:read')
  async list(@Query() query: UsageStatisticsQuery): Promise<UsageStatisticsDto> {
    return UsageStatisticsDto.of(await this.statistics.run(...statisticsDays(query, this.clock.nowMs())));
  }
}
