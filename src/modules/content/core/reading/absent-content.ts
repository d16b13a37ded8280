import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import type { AppError } from '../../../../kernel/errors.js';
import { type CallId, idTimeMs, isTimedId, type OrganisationId } from '../../../../kernel/ids.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentRow } from '../../data/content-rows.js';
import { ContentAllowance } from '../gate/content-allowance.js';

/** A window counts from when a call was over, and no call is open for longer (`call_intent`). */
const LONGEST_CALL_MS = DAY_MS;

/** Says why nothing of a call can be read, as far as anybody can know: records of calls say nothing of content, and what was purged leaves no trace. */
@Injectable()
export class AbsentContent {
  constructor(
    private readonly allowance: ContentAllowance,
    private readonly clock: Clock,
  ) {}

  /** Whether the last day of a row is over: it may still wait for its purge, and is shown to nobody. */
  isOver({ expiresOn }: Pick<ContentRow, 'expiresOn'>): boolean {
    return expiresOn < utcDay(this.clock.nowMs());
  }

  /**
   * Of a call that has no row. `content/expired` when its id is older than anything is kept for its organisation, whether something was kept or not;
   * `content/not_kept` otherwise.
   */
  withoutRow(organisationId: OrganisationId, callId: CallId): AppError {
    const days = this.allowance.longestDays(organisationId);
    if (days === 0 || !isTimedId(callId)) return contentErrors.not_kept();
    const expiresOn = utcDayAfter(idTimeMs(callId) + LONGEST_CALL_MS, days);
    return this.isOver({ expiresOn }) ? contentErrors.expired() : contentErrors.not_kept();
  }
}
