import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import type { SignInOrigin } from '../../accounts.contract.js';
import { AccountDesk } from '../account-desk.js';
import { inEvenTime } from '../even-time.js';
import { LINK_KINDS } from '../links/link-kinds.js';
import { LinkPost } from '../links/link-post.js';
import { requireEmailAddress } from '../require-email-address.js';
import { requireMethod } from '../require-method.js';

const MINUTE_MS = 60_000;

/** The two links a stranger may ask for by naming an address. */
const REQUESTED = {
  sign_in: { method: 'email_link', mail: 'sign_in_link' },
  recovery: { method: 'password', mail: 'account_recovery' },
} as const;

/**
 * Mails a link to sign in with, or to choose a new password with, to the account that has the address. The answer is the same, after the same time, for
 * an address that has none: the mail tells its owner, and nobody else.
 */
@Injectable()
export class RequestLink {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/method_off`, `lethe/invalid_request` and `http/too_many_requests`. */
  async run(kind: keyof typeof REQUESTED, email: string, origin: SignInOrigin, browserNonce: string): Promise<void> {
    const { method, mail } = REQUESTED[kind];
    requireMethod(this.settings, method);
    const address = requireEmailAddress(email, 'email');
    await this.post.brake.admit(address, origin.remoteAddress);
    await inEvenTime(() =>
      this.desk.unitOfWork.asSystem(async (tx) => {
        const account = await this.desk.accounts.findByVerifiedEmail(tx, address.normal);
        if (account?.status !== 'active' || account.email === null) return;
        const link = await this.post.links.make(tx, { kind, accountId: account.id, email: account.email, browserNonce });
        const to = { accountId: account.id, email: account.email, locale: account.locale };
        await this.post.mailer.send(tx, mail, to, { link, minutes: LINK_KINDS[kind].lifetimeMs / MINUTE_MS });
      }),
    );
  }
}
