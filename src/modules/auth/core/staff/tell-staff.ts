import { Injectable } from '@nestjs/common';
import { type StaffMessage, StaffNews } from '../../../../contracts/staff-news.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { StaffRole } from '../../../../platform/http/staff-roles.js';
import { Accounts } from '../../../accounts/accounts.contract.js';
import { Mailer, Notices, type Recipient, type ValuesOf } from '../../../notifications/notifications.contract.js';
import { OperatorsRepository } from '../../data/operators.repository.js';

/** Who answers for what the installation promises. */
const ANSWERABLE = ['administrator', 'privacy_officer'] as const satisfies readonly StaffRole[];

/**
 * {@link StaffNews} to administrators and privacy officers, by a notice and a mail to the account each has. Who has a token only hears nothing: tokens are for
 * programs, which have the metrics and the audit log.
 */
@Injectable()
export class TellStaff extends StaffNews {
  constructor(
    private readonly operators: OperatorsRepository,
    private readonly accounts: Accounts,
    private readonly notices: Notices,
    private readonly mailer: Mailer,
  ) {
    super();
  }

  override async tell(tx: Tx, message: StaffMessage): Promise<void> {
    for (const accountId of await this.operators.accountsOf(tx, ANSWERABLE)) {
      const account = await this.accounts.find(tx, accountId);
      if (account?.status !== 'active') continue;
      await this.notices.tellAccount(tx, accountId, message.kind, message.values);
      const { email, emailVerified, locale } = account;
      if (email !== null && emailVerified) await this.mail(tx, { accountId, email, locale }, message);
    }
  }

  private mail(tx: Tx, to: Recipient, { kind, values }: StaffMessage): Promise<void> {
    return this.mailer.send(tx, kind, to, values as ValuesOf<typeof kind>);
  }
}
