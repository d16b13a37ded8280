import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { SignInOrigin } from '../../accounts.contract.js';
import type { WaitingSignUp } from '../../data/ticket.entity.js';
import { AccountDesk } from '../account-desk.js';
import type { EmailAddress } from '../email-address.js';
import { inEvenTime } from '../even-time.js';
import { LinkPost } from '../links/link-post.js';
import { ChoosePassword } from '../passwords/choose-password.js';
import { requireEmailAddress } from '../require-email-address.js';
import { SignUpPolicy } from './sign-up-policy.js';

export interface SignUpRequest {
  readonly email: string;
  /** Null to sign in by e-mail links. */
  readonly password: string | null;
  readonly displayName: string | null;
  readonly locale: string;
  /** Whether the person says to have reached the minimum age (A6). */
  readonly isOldEnough: boolean;
}

/**
 * Takes a sign-up and mails a link; the account begins to exist when that is used, so nobody can sit on an address that is not theirs. For an
 * address that has an account, and for one nobody has invited where that matters, the answer is the same and comes after the same time; the
 * owner of the account is told.
 */
@Injectable()
export class RequestSignUp {
  constructor(
    private readonly desk: AccountDesk,
    private readonly post: LinkPost,
    private readonly passwords: ChoosePassword,
    private readonly policy: SignUpPolicy,
  ) {}

  /** Raises `accounts/sign_up_off`, `accounts/identifier_off`, `accounts/method_off`, `lethe/invalid_request` and `http/too_many_requests`. */
  async run(request: SignUpRequest, origin: SignInOrigin, browserNonce: string): Promise<void> {
    const { password, displayName, locale } = request;
    this.policy.require({ identifier: 'email', method: password === null ? 'email_link' : 'password', isOldEnough: request.isOldEnough });
    const address = requireEmailAddress(request.email, 'email');
    await this.post.brake.admit(address, origin.remoteAddress);
    await inEvenTime(async () => {
      const owner = { email: address.normal, username: null };
      const passwordHash = password === null ? null : await this.passwords.run(password, owner, 'password');
      const waiting = { passwordHash, displayName, locale, attestedAge: this.policy.minimumAge };
      await this.desk.unitOfWork.asSystem((tx) => this.mail(tx, address, browserNonce, waiting));
    });
  }

  private async mail(tx: Tx, address: EmailAddress, browserNonce: string, waiting: WaitingSignUp): Promise<void> {
    const { links, mailer } = this.post;
    const existing = await this.desk.accounts.findByVerifiedEmail(tx, address.normal);
    if (existing !== null) {
      const to = { accountId: existing.id, email: existing.email ?? address.written, locale: existing.locale };
      await mailer.send(tx, 'sign_up_attempted', to, {});
      return;
    }
    if (!(await this.policy.isExpected(tx, address.normal))) return;
    const link = await links.make(tx, { kind: 'sign_up', accountId: null, email: address.written, browserNonce, waiting });
    await mailer.send(tx, 'confirm_email', { accountId: null, email: address.written, locale: waiting.locale }, { link, hours: 1 });
  }
}
