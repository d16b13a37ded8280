import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS, SystemClock } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { Partitions } from '../partitions.js';

/** Two clocks further apart than this: one of them is wrong, and a wrong clock must not purge. Whoever writes makes the partition it needs. */
const MAX_CLOCK_GAP_MS = DAY_MS;

/** Whether the time is to be believed by something that cannot be undone. */
@Injectable()
export class TrustedClock {
  constructor(
    private readonly partitions: Partitions,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** A clock set by hand is right by definition; only one that claims to be real time is checked against the database's. */
  async agrees(): Promise<boolean> {
    if (!(this.clock instanceof SystemClock)) return true;
    const gapMs = Math.abs(await this.partitions.clockLeadMs(this.clock.nowMs()));
    if (gapMs <= MAX_CLOCK_GAP_MS) return true;
    this.log.error('the clocks of this machine and of the database disagree; nothing is purged', { component: 'retention', ageMs: gapMs });
    return false;
  }
}
