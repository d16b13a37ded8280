import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { authErrors } from '../../auth.errors.js';

const MINUTE_MS = 60_000;
/** How long ago the second factor may have been shown. */
const STEP_UP_MS = 5 * MINUTE_MS;

/** When a duty may begin, and when it ends. */
@Injectable()
export class DutyRules {
  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  now(): Date {
    return this.clock.now();
  }

  /** The span of a duty that begins now. */
  span(): { readonly begunAt: Date; readonly endsAt: Date; readonly minutes: number } {
    const begunAt = this.clock.now();
    const minutes = this.settings.dutyMinutes;
    return { begunAt, endsAt: new Date(begunAt.getTime() + minutes * MINUTE_MS), minutes };
  }

  /** Raises `auth/duty_needs_second_factor` and `http/step_up_required`. */
  requireFreshFactor({ secondFactorAtMs }: AccountPrincipal): void {
    if (secondFactorAtMs === null) throw authErrors.duty_needs_second_factor();
    if (this.clock.nowMs() - secondFactorAtMs > STEP_UP_MS) throw httpErrors.step_up_required();
  }
}
