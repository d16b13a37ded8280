import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountDesk } from '../account-desk.js';
import { LINK_KINDS } from '../links/link-kinds.js';
import { LinkPost } from '../links/link-post.js';
import { requireEmailAddress } from '../require-email-address.js';
import { requireMethod } from '../require-method.js';
import { RenewSession } from '../sessions/renew-session.js';

const MINUTE_MS = 60_000;

/** Proves once more, by a link to the account's address, that the person at a signed-in browser is its owner: for accounts without a password. */
@Injectable()
export class ProveByLink {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly sessions: RenewSession,
    private readonly settings: Settings,
  ) {}

  /** Mails the link. Raises `accounts/method_off`, `accounts/no_proven_email` and `http/too_many_requests`. */
  async request({ id }: AccountPrincipal, remoteAddress: string, browserNonce: string): Promise<void> {
    requireMethod(this.settings, 'email_link');
    const account = await this.desk.unitOfWork.asSystem((tx) => this.desk.accounts.find(tx, id));
    if (account?.email == null || account.emailVerifiedAt === null) throw accountsErrors.no_proven_email();
    const { email, locale } = account;
    await this.post.brake.admit(requireEmailAddress(email, 'email'), remoteAddress);
    await this.desk.unitOfWork.asSystem(async (tx) => {
      const link = await this.post.links.make(tx, { kind: 'step_up', accountId: id, email, browserNonce });
      await this.post.mailer.send(
        tx,
        'sign_in_link',
        { accountId: id, email, locale },
        { link, minutes: LINK_KINDS.step_up.lifetimeMs / MINUTE_MS },
      );
    });
  }

  /** Raises `accounts/link_not_valid` and `accounts/link_of_another_browser`. */
  confirm({ id, sessionId }: AccountPrincipal, token: string, browserNonce: string | null): Promise<OpenedSession> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const ticket = await this.post.links.use(tx, 'step_up', token, browserNonce);
      if (ticket.accountId !== id) throw accountsErrors.link_not_valid();
      return this.sessions.run(tx, sessionId, 'email_link');
    });
  }
}
