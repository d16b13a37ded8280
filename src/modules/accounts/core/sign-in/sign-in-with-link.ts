import { Injectable } from '@nestjs/common';
import { assert } from '../../../../kernel/assert.js';
import { Settings } from '../../../../platform/config/settings.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { MailedLinks } from '../links/mailed-links.js';
import { requireMethod } from '../require-method.js';
import { OpenSession } from '../sessions/open-session.js';

/** Signs in with a mailed link, once, in the browser that asked for it. */
@Injectable()
export class SignInWithLink {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly links: MailedLinks,
    private readonly opening: OpenSession,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/link_not_valid`, `accounts/link_of_another_browser`, `accounts/account_blocked` and `accounts/method_off`. */
  run(token: string, browserNonce: string | null, origin: SignInOrigin): Promise<OpenedSession> {
    requireMethod(this.settings, 'email_link');
    return this.unitOfWork.asSystem(async (tx) => {
      const { accountId } = await this.links.use(tx, 'sign_in', token, browserNonce);
      assert(accountId !== null, 'a link to sign in with names an account');
      const session = await this.opening.openIn(tx, accountId, { method: 'email_link', secondFactorDone: false }, origin);
      // Those asked for beside it have done their work as well.
      await this.links.cancel(tx, accountId, ['sign_in']);
      return session;
    });
  }
}
