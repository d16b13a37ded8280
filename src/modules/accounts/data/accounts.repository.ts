import { Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import type { AccountId } from '../../../kernel/ids.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../accounts.errors.js';
import { AccountPasswordEntity } from './account-password.entity.js';
import { AccountEntity } from './account.entity.js';

/** Accounts and their passwords. Only the system role reaches them: in an organisation's transaction every method is refused (A3). */
@Injectable()
export class AccountsRepository {
  /** Raises `accounts/email_taken` and `accounts/username_taken`; the transaction is then of no more use. */
  async insert(tx: Tx, account: AccountEntity): Promise<void> {
    await refusingTaken(() => tx.insert(AccountEntity, account));
  }

  /** Raises the same. */
  async update(tx: Tx, id: AccountId, change: Partial<Omit<AccountEntity, 'id'>>): Promise<void> {
    await refusingTaken(() => tx.update(AccountEntity, { id }, change));
  }

  find(tx: Tx, id: AccountId): Promise<AccountEntity | null> {
    return tx.findOneBy(AccountEntity, { id });
  }

  findAmong(tx: Tx, ids: readonly AccountId[]): Promise<AccountEntity[]> {
    return tx.findBy(AccountEntity, { id: In(ids) });
  }

  /** The row, locked until the transaction ends, so that two changes follow one another. */
  lock(tx: Tx, id: AccountId): Promise<AccountEntity | null> {
    return tx.findOne(AccountEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  findByVerifiedEmail(tx: Tx, emailNormal: string): Promise<AccountEntity | null> {
    return tx.findOneBy(AccountEntity, { emailNormal, emailVerifiedAt: Not(IsNull()) });
  }

  findByUsername(tx: Tx, usernameNormal: string): Promise<AccountEntity | null> {
    return tx.findOneBy(AccountEntity, { usernameNormal });
  }

  /** Everything that hangs on the account goes with it. */
  async delete(tx: Tx, id: AccountId): Promise<void> {
    await tx.delete(AccountEntity, { id });
  }

  async findPassword(tx: Tx, accountId: AccountId): Promise<string | null> {
    return (await tx.findOneBy(AccountPasswordEntity, { accountId }))?.hash ?? null;
  }

  async setPassword(tx: Tx, accountId: AccountId, hash: string, changedAt: Date): Promise<void> {
    await tx.query(
      `INSERT INTO account_password (account_id, hash, changed_at) VALUES ($1, $2, $3)
       ON CONFLICT (account_id) DO UPDATE SET hash = $2, changed_at = $3`,
      [accountId, hash, changedAt],
    );
  }

  /** Replaces a hash by one of the same password, unless the password has changed meanwhile. */
  async renewHash(tx: Tx, accountId: AccountId, before: string, hash: string): Promise<void> {
    await tx.update(AccountPasswordEntity, { accountId, hash: before }, { hash });
  }

  async removePassword(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.delete(AccountPasswordEntity, { accountId });
  }
}

async function refusingTaken(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const constraint = violatedConstraint(cause);
    if (constraint === 'account_email_taken') throw accountsErrors.email_taken({ cause, details: { field: 'email' } });
    if (constraint === 'account_username_taken') throw accountsErrors.username_taken({ cause, details: { field: 'username' } });
    throw cause;
  }
}
