import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { EmailAddress } from '../email-address.js';
import { inEvenTime } from '../even-time.js';
import { MailedLinks } from '../links/mailed-links.js';
import { requireEmailAddress } from '../require-email-address.js';
import { MailBrake } from '../throttle/mail-brake.js';

/**
 * Mails a link to the address an account is to have from now on, and word of it to the one it has. Nothing changes until whoever is signed in uses
 * the link. An address that another account has gets no link; the answer is the same, so nobody learns of it.
 */
@Injectable()
export class RequestEmailChange {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly links: MailedLinks,
    private readonly mailer: Mailer,
    private readonly brake: MailBrake,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `lethe/invalid_request`, `accounts/account_not_found` and `http/too_many_requests`. */
  async run({ id }: AccountPrincipal, email: string, remoteAddress: string): Promise<void> {
    const address = requireEmailAddress(email, 'email');
    await this.brake.admit(address, remoteAddress);
    await inEvenTime(() => this.unitOfWork.asSystem((tx) => this.ask(tx, id, address)));
  }

  private async ask(tx: Tx, id: AccountPrincipal['id'], address: EmailAddress): Promise<void> {
    const account = await this.accounts.lock(tx, id);
    if (account === null) throw accountsErrors.account_not_found();
    await this.links.cancel(tx, id, ['email_change']);
    await this.audit.record(tx, {
      actor: { kind: 'account', id },
      action: 'account.email_change_requested',
      organisationId: null,
      target: { type: 'account', id },
    });
    const { locale, email } = account;
    if (email !== null && account.emailVerifiedAt !== null) {
      await this.mailer.send(tx, 'email_change_requested', { accountId: id, email, locale }, {});
    }
    const owner = await this.accounts.findByVerifiedEmail(tx, address.normal);
    if (owner !== null && owner.id !== id) return;
    const link = await this.links.make(tx, { kind: 'email_change', accountId: id, email: address.written, browserNonce: null });
    await this.mailer.send(tx, 'email_change_confirm', { accountId: id, email: address.written, locale }, { link, hours: 1 });
  }
}
