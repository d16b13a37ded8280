import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import type { TicketKind } from '../../data/ticket.entity.js';
import { MailedLinks } from './mailed-links.js';

/** Reads whose link somebody holds before it is used, for work that must be done outside the transaction that uses it. */
@Injectable()
export class PeekLink {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly links: MailedLinks,
    private readonly accounts: AccountsRepository,
  ) {}

  /** Raises `accounts/link_not_valid` and `accounts/link_of_another_browser`. */
  accountOf(kind: TicketKind, token: string, browserNonce: string | null): Promise<AccountEntity> {
    return this.unitOfWork.asSystem(async (tx) => {
      const facts = await this.links.look(tx, token, browserNonce);
      if (facts.kind !== kind) throw accountsErrors.link_not_valid();
      if (!facts.isUsableHere) throw accountsErrors.link_of_another_browser();
      const account = facts.accountId === null ? null : await this.accounts.find(tx, facts.accountId);
      if (account === null) throw accountsErrors.link_not_valid();
      return account;
    });
  }
}
