import { Injectable } from '@nestjs/common';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { DAY_MS } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';

const MINUTE_MS = 60_000;

/** For how long a session may live and be idle, milliseconds. */
@Injectable()
export class SessionLimits {
  constructor(
    private readonly settings: Settings,
    private readonly windows: RetentionWindows,
  ) {}

  /** What the operator set, and no longer than places are kept: a session remembers from where it began (D2). */
  get lifeMs(): number {
    return Math.min(this.settings.sessionDays, this.windows.days('network_trace', null)) * DAY_MS;
  }

  get idleMs(): number {
    return this.settings.sessionIdleMinutes * MINUTE_MS;
  }
}
