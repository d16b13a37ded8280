import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import { AskAgain } from './ask-again.js';
import { IdentityBook } from './identity-book.js';
import { KeepGrant, REFRESH_EVERY_MS } from './keep-grant.js';

const BATCH = 20;
/** When a provider that did not answer is asked again. */
const RETRY_MS = 900_000;
const ACTOR = { kind: 'system', id: 'refresh-profiles' } as const;

export interface RefreshReport {
  refreshed: number;
  /** The provider is switched off; it is looked at again later. */
  postponed: number;
  /** The provider has taken the grant back. */
  ended: number;
  failed: number;
}

/** Asks providers again about people who have let us, so that a VIP who is none any more stops being one without signing in (A1). */
@Injectable()
export class RefreshProfiles {
  constructor(
    private readonly keepGrant: KeepGrant,
    private readonly asking: AskAgain,
    private readonly book: IdentityBook,
    private readonly log: Log,
  ) {}

  /** Goes on past people and providers that fail. A round that was cut short is taken up by the next: what is due is read from the rows. */
  async run(signal?: AbortSignal): Promise<RefreshReport> {
    const report: RefreshReport = { refreshed: 0, postponed: 0, ended: 0, failed: 0 };
    for (;;) {
      const due = await this.keepGrant.due(BATCH);
      for (const grant of due) {
        if (signal?.aborted) return report;
        report[await this.refreshOne(grant)] += 1;
      }
      if (due.length < BATCH) return report;
    }
  }

  private async refreshOne(grant: ExternalGrantRow): Promise<keyof RefreshReport> {
    try {
      const answer = await this.asking.run(grant);
      switch (answer.outcome) {
        case 'said':
          await this.book.refreshAlone(ACTOR, answer.identity, answer.profile);
          return 'refreshed';
        case 'refused':
          await this.book.fallSilent(ACTOR, answer.identity, grant);
          return 'ended';
        case 'away':
          await this.keepGrant.postpone(grant, REFRESH_EVERY_MS);
          return 'postponed';
      }
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'unknown';
      this.log.warn('a profile could not be refreshed; it is tried again later', { component: 'federation', code, err: error });
      await this.keepGrant.postpone(grant, RETRY_MS);
      return 'failed';
    }
  }
}
