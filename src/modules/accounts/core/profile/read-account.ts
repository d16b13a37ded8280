import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { requireEmailAddress } from '../require-email-address.js';
import { readUsername } from '../username.js';

/** An account as its owner sees it. */
export interface OwnAccount {
  readonly account: AccountEntity;
  readonly hasPassword: boolean;
}

/** What an account is found by: one of the two. */
export interface AccountName {
  readonly email?: string | undefined;
  readonly username?: string | undefined;
}

@Injectable()
export class ReadAccount {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
  ) {}

  /** Raises `accounts/account_not_found`. */
  own(id: AccountId): Promise<OwnAccount> {
    return this.unitOfWork.asSystem(async (tx) => {
      const account = await this.accounts.find(tx, id);
      if (account === null) throw accountsErrors.account_not_found();
      return { account, hasPassword: (await this.accounts.findPassword(tx, id)) !== null };
    });
  }

  /** For operators: the account that has proven an address, or has a username. Raises `accounts/account_not_found` and `lethe/invalid_request`. */
  byName({ email, username }: AccountName): Promise<AccountEntity> {
    if (email !== undefined && username === undefined) {
      const { normal } = requireEmailAddress(email, 'email');
      return this.found((tx) => this.accounts.findByVerifiedEmail(tx, normal));
    }
    if (email !== undefined || username === undefined)
      throw invalidRequest([{ field: 'email', message: 'or username must be given, one of them' }]);
    const read = readUsername(username);
    if ('problem' in read) throw invalidRequest([{ field: 'username', message: read.problem }]);
    return this.found((tx) => this.accounts.findByUsername(tx, read.normal));
  }

  private async found(find: (tx: Tx) => Promise<AccountEntity | null>): Promise<AccountEntity> {
    const account = await this.unitOfWork.asSystem(find);
    if (account === null) throw accountsErrors.account_not_found();
    return account;
  }
}
