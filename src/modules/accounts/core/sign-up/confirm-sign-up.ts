import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { Accounts, type OpenedSession, type SignInOrigin } from '../../accounts.contract.js';
import { AccountDesk } from '../account-desk.js';
import { MailedLinks } from '../links/mailed-links.js';
import { OpenSession } from '../sessions/open-session.js';

/** Turns a sign-up into an account that is signed in, all of it or nothing: the link is used, the account made and the session opened in one go. */
@Injectable()
export class ConfirmSignUp {
  constructor(
    private readonly desk: AccountDesk,
    private readonly links: MailedLinks,
    private readonly accounts: Accounts,
    private readonly sessions: OpenSession,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser` and `accounts/email_taken`. */
  run(token: string, browserNonce: string | null, origin: SignInOrigin): Promise<OpenedSession> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const { email, waiting } = await this.links.use(tx, 'sign_up', token, browserNonce);
      assert(email !== null && waiting !== null, 'an open sign-up holds what it waits with');
      const { passwordHash, displayName, locale, attestedAge } = waiting;
      const account = await this.accounts.create(
        tx,
        { email, emailVerified: true, username: null, displayName, locale, attestedAge },
        { kind: 'system', id: 'sign-up' },
      );
      if (passwordHash !== null) await this.desk.accounts.setPassword(tx, account.id, passwordHash, this.desk.clock.now());
      return this.sessions.openIn(tx, account.id, { method: 'email_link', secondFactorDone: false }, origin);
    });
  }
}
