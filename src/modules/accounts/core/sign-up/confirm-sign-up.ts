import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { Clock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Accounts, type OpenedSession, type SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { MailedLinks } from '../links/mailed-links.js';
import { OpenSession } from '../sessions/open-session.js';

/** Turns a sign-up into an account that is signed in, all of it or nothing: the link is used, the account made and the session opened in one go. */
@Injectable()
export class ConfirmSignUp {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly links: MailedLinks,
    private readonly accounts: Accounts,
    private readonly rows: AccountsRepository,
    private readonly sessions: OpenSession,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser`, `accounts/email_taken` and `accounts/sign_up_off`. */
  run(token: string, browserNonce: string | null, origin: SignInOrigin): Promise<OpenedSession> {
    if (this.settings.signUp === 'closed') throw accountsErrors.sign_up_off();
    return this.unitOfWork.asSystem(async (tx) => {
      const { email, waiting } = await this.links.use(tx, 'sign_up', token, browserNonce);
      assert(email !== null && waiting !== null, 'an open sign-up holds what it waits with');
      const { passwordHash, displayName, locale, attestedAge } = waiting;
      const account = await this.accounts.create(
        tx,
        { email, emailVerified: true, username: null, displayName, locale, attestedAge },
        { kind: 'system', id: 'sign-up' },
      );
      if (passwordHash !== null) await this.rows.setPassword(tx, account.id, passwordHash, this.clock.now());
      return this.sessions.openIn(tx, account.id, { method: 'email_link', secondFactorDone: false }, origin);
    });
  }
}
