import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AccountDesk } from '../account-desk.js';
import { type FactorEvent, FactorEvents, type FactorTarget } from './factor-events.js';
import { FactorSessions } from './factor-sessions.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** Changes to factors by their owner, who has shown one a moment ago. The account's row is held, so that changes follow one another. */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly desk: AccountDesk,
    private readonly sessions: FactorSessions,
    private readonly events: FactorEvents,
  ) {}

  /** `change` answers with the factor it was about, where it was one. Raises what it raises, and what {@link FactorSessions.toChange} does. */
  run(
    { accountId, sessionId }: SecondFactorSession,
    event: FactorEvent,
    change: (tx: Tx) => Promise<FactorTarget | undefined>,
  ): Promise<void> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      await this.desk.accounts.lock(tx, accountId);
      await this.sessions.toChange(tx, sessionId);
      const target = await change(tx);
      await this.events.record(tx, accountId, event, target ? { target } : {});
    });
  }
}
