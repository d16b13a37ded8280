import { Injectable } from '@nestjs/common';
import { SweptTables } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SessionRules } from '../core/sessions/session-rules.js';
import { SessionsRepository } from '../data/sessions.repository.js';

/** Removes sessions that nobody ended and that are past their limits; they were refused already. */
@Injectable()
export class SweepSessionsJob extends SweptTables {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep(): Promise<Readonly<Record<string, number>>> {
    return { account_session: await this.unitOfWork.asSystem((tx) => this.sessions.sweep(tx, this.clock.now(), this.rules.idleSince())) };
  }
}
