import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { SessionRules } from './session-rules.js';

/** The live sessions of an account, oldest first. */
@Injectable()
export class ListSessions {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly clock: Clock,
  ) {}

  async run(accountId: AccountId): Promise<SessionEntity[]> {
    const sessions = await this.unitOfWork.asSystem((tx) => this.sessions.list(tx, accountId, this.clock.now()));
    return sessions.filter((session) => this.rules.isAlive(session));
  }
}
