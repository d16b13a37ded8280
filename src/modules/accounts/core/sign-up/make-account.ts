import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Accounts, type NewAccount, type OpenedSession, type SignInOrigin } from '../../accounts.contract.js';
import { AccountDesk } from '../account-desk.js';
import { OpenSession } from '../sessions/open-session.js';

/** What every sign-up ends in: an account, its password if it has one, and its first session, in the caller's transaction. */
@Injectable()
export class MakeAccount {
  constructor(
    private readonly desk: AccountDesk,
    private readonly accounts: Accounts,
    private readonly sessions: OpenSession,
  ) {}

  /** Raises `accounts/email_taken`, `accounts/username_taken`, `lethe/invalid_request`, and whatever a {@link SignInRule} raises. */
  async run(tx: Tx, wanted: NewAccount, passwordHash: string | null, origin: SignInOrigin): Promise<OpenedSession> {
    const account = await this.accounts.create(tx, wanted, { kind: 'system', id: 'sign-up' });
    if (passwordHash !== null) await this.desk.accounts.setPassword(tx, account.id, passwordHash, this.desk.clock.now());
    // Whoever came by mail has shown their mailbox, whatever password they chose.
    const method = wanted.emailVerified ? 'email_link' : 'password';
    return this.sessions.openIn(tx, account.id, { method, secondFactorDone: false }, origin);
  }
}
