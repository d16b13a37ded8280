import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { CloseDays } from './close-days.js';
import { RollHours } from './roll-hours.js';

/** Rolls the ledger up by hour and day, each call in exactly one bucket (U1). */
@Injectable()
export class RollUpUsage {
  constructor(
    private readonly hours: RollHours,
    private readonly days: CloseDays,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Catches up. Whatever it is stopped after, the next run goes on from there. */
  async run(signal: AbortSignal): Promise<void> {
    const standing = await this.hours.run(signal);
    if (standing > 0)
      this.log.warn('late calls are in no roll-up: their hour is closed for good', { component: 'rollups', count: standing });
    await this.days.run(this.clock.nowMs(), signal);
  }
}
