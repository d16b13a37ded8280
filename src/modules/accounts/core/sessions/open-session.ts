import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SignInRule } from '../../../../contracts/sign-in-rule.js';
import { Clock } from '../../../../kernel/clock.js';
import { type AccountId, newId, type SessionId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { type OpenedSession, SignIn, type SignInMethod, type SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { csrfTokenOf, hashSecret, newSecret } from '../secrets.js';
import { DescribeOrigin } from './describe-origin.js';
import { SessionRules } from './session-rules.js';
import { TellNewSignIn } from './tell-new-sign-in.js';

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
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly origins: DescribeOrigin,
    private readonly news: TellNewSignIn,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly discovery: DiscoveryService,
  ) {
    super();
  }

  override open(accountId: AccountId, how: Proof, origin: SignInOrigin): Promise<OpenedSession> {
    return this.unitOfWork.asSystem((tx) => this.openIn(tx, accountId, how, origin));
  }

  /** The same in a transaction that does more. Raises `accounts/account_blocked`, and whatever a {@link SignInRule} raises. */
  async openIn(tx: Tx, accountId: AccountId, { method, secondFactorDone }: Proof, origin: SignInOrigin): Promise<OpenedSession> {
    const account = await this.accounts.lock(tx, accountId);
    if (account?.status !== 'active') throw accountsErrors.account_blocked();
    const verifiedEmail = account.emailVerifiedAt === null ? null : account.email;
    for (const rule of this.signInRules()) await rule.check(tx, { accountId, verifiedEmail, method });
    const now = this.clock.now();
    const sessionToken = newSecret();
    const session: SessionEntity = {
      id: newId<SessionId>(),
      accountId,
      tokenHash: hashSecret(sessionToken),
      method,
      secondFactorAt: secondFactorDone ? now : null,
      provenAt: now,
      ...this.origins.run(accountId, origin),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: this.rules.end(),
    };
    await this.sessions.insert(tx, session);
    await this.audit.record(tx, {
      actor: { kind: 'account', id: accountId },
      action: 'session.opened',
      organisationId: null,
      target: { type: 'session', id: session.id },
      detail: { method, secondFactorDone },
    });
    await this.news.run(tx, account, session);
    const state = await this.rules.stateOf(tx, session);
    return { accountId, sessionId: session.id, state, sessionToken, csrfToken: csrfTokenOf(sessionToken), expiresAt: session.expiresAt };
  }

  private signInRules(): readonly SignInRule[] {
    return this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof SignInRule ? [instance] : []));
  }
}
