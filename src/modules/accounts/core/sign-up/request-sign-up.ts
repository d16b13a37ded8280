import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import type { SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { WaitingSignUp } from '../../data/ticket.entity.js';
import type { EmailAddress } from '../email-address.js';
import { inEvenTime } from '../even-time.js';
import { PendingInvitations } from '../invitations/pending-invitations.js';
import { MailedLinks } from '../links/mailed-links.js';
import { ChoosePassword } from '../passwords/choose-password.js';
import { requireEmailAddress } from '../require-email-address.js';
import { requireMethod } from '../require-method.js';
import { MailBrake } from '../throttle/mail-brake.js';

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
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly invitations: PendingInvitations,
    private readonly links: MailedLinks,
    private readonly passwords: ChoosePassword,
    private readonly mailer: Mailer,
    private readonly brake: MailBrake,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/sign_up_off`, `accounts/method_off`, `lethe/invalid_request` and `http/too_many_requests`. */
  async run(request: SignUpRequest, origin: SignInOrigin, browserNonce: string): Promise<void> {
    if (this.settings.signUp === 'closed') throw accountsErrors.sign_up_off();
    requireMethod(this.settings, request.password === null ? 'email_link' : 'password');
    const { minimumAge } = this.settings;
    if (!request.isOldEnough)
      throw invalidRequest([{ field: 'isOldEnough', message: `must be true: one has to be at least ${minimumAge}` }]);
    const address = requireEmailAddress(request.email, 'email');
    await this.brake.admit(address, origin.remoteAddress);
    await inEvenTime(async () => {
      const { password, displayName, locale } = request;
      const passwordHash =
        password === null ? null : await this.passwords.run(password, { email: address.normal, username: null }, 'password');
      await this.unitOfWork.asSystem((tx) =>
        this.mail(tx, address, browserNonce, { passwordHash, displayName, locale, attestedAge: minimumAge }),
      );
    });
  }

  private async mail(tx: Tx, address: EmailAddress, browserNonce: string, waiting: WaitingSignUp): Promise<void> {
    const existing = await this.accounts.findByVerifiedEmail(tx, address.normal);
    if (existing !== null) {
      const to = { accountId: existing.id, email: existing.email ?? address.written, locale: existing.locale };
      await this.mailer.send(tx, 'sign_up_attempted', to, {});
      return;
    }
    if (this.settings.signUp === 'invitation' && !(await this.invitations.existFor(tx, address.normal))) return;
    const link = await this.links.make(tx, { kind: 'sign_up', accountId: null, email: address.written, browserNonce, waiting });
    await this.mailer.send(tx, 'confirm_email', { accountId: null, email: address.written, locale: waiting.locale }, { link, hours: 1 });
  }
}
