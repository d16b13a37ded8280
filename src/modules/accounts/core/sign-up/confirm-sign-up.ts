import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { MailedLinks } from '../links/mailed-links.js';
import { MakeAccount } from './make-account.js';

/** Turns a sign-up into an account that is signed in, all of it or nothing: the link is used, the account made and the session opened in one go. */
@Injectable()
export class ConfirmSignUp {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly links: MailedLinks,
    private readonly making: MakeAccount,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser` and `accounts/email_taken`. */
  run(token: string, browserNonce: string | null, origin: SignInOrigin): Promise<OpenedSession> {
    return this.unitOfWork.asSystem(async (tx) => {
      const { email, waiting } = await this.links.use(tx, 'sign_up', token, browserNonce);
      assert(email !== null && waiting !== null, 'an open sign-up holds what it waits with');
      const { passwordHash, displayName, locale, attestedAge } = waiting;
      const wanted = { email, emailVerified: true, username: null, displayName, locale, attestedAge };
      return this.making.run(tx, wanted, passwordHash, origin);
    });
  }
}
