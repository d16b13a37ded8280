import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AccountDesk } from '../account-desk.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { MailedLinks } from './mailed-links.js';

/** A link as somebody presents it. */
export interface PresentedLink {
  readonly kind: 'recovery';
  readonly token: string;
  /** Of the browser it is presented in. */
  readonly browserNonce: string | null;
}

/** Whose link somebody holds: looked up first, for work that must be done outside the transaction that uses it, and then used. */
@Injectable()
export class LinkedAccounts {
  constructor(
    private readonly desk: AccountDesk,
    private readonly links: MailedLinks,
  ) {}

  /** Raises `accounts/link_not_valid` and `accounts/link_of_another_browser`. */
  peek({ kind, token, browserNonce }: PresentedLink): Promise<AccountEntity> {
    return this.desk.unitOfWork.asSystem(async (tx) => {
      const facts = await this.links.look(tx, token, browserNonce);
      if (facts.kind !== kind) throw accountsErrors.link_not_valid();
      if (!facts.isUsableHere) throw accountsErrors.link_of_another_browser();
      const account = facts.accountId === null ? null : await this.desk.accounts.find(tx, facts.accountId);
      if (account === null) throw accountsErrors.link_not_valid();
      return account;
    });
  }

  /** Uses the link up and answers the account, locked. Raises the same, also when the account is no longer active. */
  async use(tx: Tx, { kind, token, browserNonce }: PresentedLink): Promise<AccountEntity> {
    const { accountId } = await this.links.use(tx, kind, token, browserNonce);
    const account = accountId === null ? null : await this.desk.accounts.lock(tx, accountId);
    if (account?.status !== 'active') throw accountsErrors.link_not_valid();
    return account;
  }
}
