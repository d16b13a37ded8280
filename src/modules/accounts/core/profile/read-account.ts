import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { requireEmailAddress } from '../require-email-address.js';

/** An account as its owner sees it. */
export interface OwnAccount {
  readonly account: AccountEntity;
  readonly hasPassword: boolean;
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

  /** For operators: the account that has proven an address. Raises `accounts/account_not_found` and `lethe/invalid_request`. */
  byEmail(email: string): Promise<AccountEntity> {
    const { normal } = requireEmailAddress(email, 'email');
    return this.unitOfWork.asSystem(async (tx) => {
      const account = await this.accounts.findByVerifiedEmail(tx, normal);
      if (account === null) throw accountsErrors.account_not_found();
      return account;
    });
  }
}
