import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AccountDesk } from '../account-desk.js';
import { type FactorEvent, FactorEvents, type FactorTarget } from './factor-events.js';
import { FactorSessions } from './factor-sessions.js';
import { type Enrolled, RecoveryCodes } from './recovery-codes.js';
import type { SecondFactorSession } from './second-factor-session.js';

/** What setting up any factor ends in, in one transaction. The account's row is held meanwhile. */
@Injectable()
export class FinishEnrolment {
  constructor(
    private readonly desk: AccountDesk,
    private readonly sessions: FactorSessions,
    private readonly codes: RecoveryCodes,
    private readonly events: FactorEvents,
  ) {}

  /** `keep` writes the factor. Raises what it raises, `accounts/second_factor_required` and `accounts/session_ended`. */
  run(
    { accountId, sessionId }: SecondFactorSession,
    added: { readonly event: FactorEvent; readonly target: FactorTarget },
    keep: (tx: Tx) => Promise<void>,
  ): Promise<Enrolled> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      await this.desk.accounts.lock(tx, accountId);
      await this.sessions.toFinish(tx, sessionId);
      await keep(tx);
      await this.events.record(tx, accountId, added.event, { target: added.target });
      const recoveryCodes = await this.codes.issueFirst(tx, accountId);
      return { recoveryCodes, session: await this.sessions.shown(tx, sessionId) };
    });
  }
}
