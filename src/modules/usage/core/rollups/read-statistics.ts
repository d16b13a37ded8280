import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type DatedStatistic, UsageStatisticsRepository } from '../../data/usage-statistics.repository.js';

/** Shows the statistics that were released. */
@Injectable()
export class ReadStatistics {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly statistics: UsageStatisticsRepository,
  ) {}

  /** From one UTC day to another, `YYYY-MM-DD`, both included. */
  run(fromDay: string, toDay: string): Promise<DatedStatistic[]> {
    return this.unitOfWork.asSystem((tx) => this.statistics.list(tx, fromDay, toDay));
  }
}
