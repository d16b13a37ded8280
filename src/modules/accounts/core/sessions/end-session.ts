import { Injectable } from '@nestjs/common';
import type { AccountId, SessionId } from '../../../../kernel/ids.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';

/** Ends sessions: the one that asks, another of the same account, or all of them. Every replica refuses them from the next request on. */
@Injectable()
export class EndSession {
  constructor(
    private readonly desk: AccountDesk,
    private readonly events: AccountEvents,
  ) {}

  /** Raises `accounts/session_not_found`, also for a session of somebody else. */
  one(accountId: AccountId, sessionId: SessionId): Promise<void> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      if (!(await this.desk.sessions.end(tx, accountId, sessionId))) throw accountsErrors.session_not_found();
      await this.events.record(tx, { action: 'session.ended', accountId, sessionId });
    });
  }

  /** All of them; answers how many. */
  all(accountId: AccountId): Promise<number> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const ended = await this.desk.sessions.endAll(tx, accountId);
      if (ended > 0) await this.events.record(tx, { action: 'account.sessions_ended', accountId, detail: { ended } });
      return ended;
    });
  }
}
