import { IsInt, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

/** What is told of usage to whom. */
export class UsageSettings {
  @Setting({
    section: 'Usage',
    env: 'LETHE_STATISTICS_MINIMUM_GROUP',
    kind: 'integer',
    description:
      'Statistics over all organisations tell of a model on a day only where at least so many organisations used it. It holds for days that end from now on: what is released stays as it is.',
  })
  @IsInt()
  @Min(3)
  @Max(1_000)
  statisticsMinimumGroup = 5;
}
