import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { SessionRules } from '../core/sessions/session-rules.js';
import { SessionsRepository } from '../data/sessions.repository.js';

/** Removes sessions that nobody ended and that are past their limits; they were refused already. */
@Injectable()
export class SweepSessionsJob extends SweptTables {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    await removing(async (tx) => ({ account_session: await this.sessions.sweep(tx, this.clock.now(), this.rules.idleSince()) }));
  }
}
