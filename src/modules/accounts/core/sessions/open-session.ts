import { Injectable } from '@nestjs/common';
import { type AccountId, newId, type SessionId } from '../../../../kernel/ids.js';
import { hashSecret, newSecret } from '../../../../kernel/secrets.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type OpenedSession, SignIn, type SignInMethod, type SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { csrfTokenOf } from '../csrf-token.js';
import { SessionRules } from './session-rules.js';
import { SignInSurroundings } from './sign-in-surroundings.js';

/** Sessions of one account at a time: each sign-in reads them all. Past that the oldest end. */
const MOST_SESSIONS = 100;

/** How somebody has just proven who they are. */
export interface Proof {
  readonly method: SignInMethod;
  /** The method itself was two factors. */
  readonly secondFactorDone: boolean;
}

/** {@link SignIn}: the one place where sessions begin. */
@Injectable()
export class OpenSession extends SignIn {
  constructor(
    private readonly desk: AccountDesk,
    private readonly rules: SessionRules,
    private readonly around: SignInSurroundings,
    private readonly events: AccountEvents,
  ) {
    super();
  }

  override open(accountId: AccountId, how: Proof, origin: SignInOrigin): Promise<OpenedSession> {
    return this.desk.unitOfWork.asSystem((tx) => this.openIn(tx, accountId, how, origin));
  }

  /** The same in a transaction that does more. Raises `accounts/account_blocked`, and whatever a {@link SignInRule} raises. */
  async openIn(tx: Tx, accountId: AccountId, { method, secondFactorDone }: Proof, origin: SignInOrigin): Promise<OpenedSession> {
    const account = await this.desk.accounts.lock(tx, accountId);
    if (account?.status !== 'active') throw accountsErrors.account_blocked();
    const verifiedEmail = account.emailVerifiedAt === null ? null : account.email;
    await this.around.admission.check(tx, { accountId, verifiedEmail, method });
    const now = this.desk.clock.now();
    const sessionToken = newSecret();
    const session: SessionEntity = {
      id: newId<SessionId>(),
      accountId,
      tokenHash: hashSecret(sessionToken),
      method,
      secondFactorAt: secondFactorDone ? now : null,
      provenAt: now,
      ...this.around.origins.run(accountId, origin),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: this.rules.end(),
    };
    await this.desk.sessions.insert(tx, session);
    const ended = await this.desk.sessions.endOldest(tx, session, MOST_SESSIONS);
    if (ended > 0) await this.events.record(tx, { action: 'account.sessions_ended', accountId, detail: { ended } });
    const detail = { method, secondFactorDone };
    await this.events.record(tx, { action: 'session.opened', accountId, sessionId: session.id, detail });
    await this.around.news.run(tx, account, session);
    const state = await this.rules.stateOf(tx, session);
    return { accountId, sessionId: session.id, state, sessionToken, csrfToken: csrfTokenOf(sessionToken), expiresAt: session.expiresAt };
  }
}
