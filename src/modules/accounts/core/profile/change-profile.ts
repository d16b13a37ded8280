import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { AccountId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountDesk } from '../account-desk.js';
import { AccountEvents } from '../account-events.js';
import { SignInBrake } from '../throttle/sign-in-brake.js';
import { readUsername } from '../username.js';

/** What to change; what is absent stays, and null takes away. */
export interface ProfileChange {
  readonly username?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly locale?: string | undefined;
  readonly phone?: string | null | undefined;
}

type Row = Partial<Omit<AccountEntity, 'id'>>;

/** Changes what an account says of its owner. What they sign in with, apart from the username, changes elsewhere. */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly desk: AccountDesk,
    private readonly events: AccountEvents,
    private readonly settings: Settings,
    private readonly brake: SignInBrake,
  ) {}

  /**
   * Raises `accounts/account_not_found`, `accounts/username_taken`, `lethe/invalid_request`, and `http/too_many_requests` for who tries one username
   * after the other. A change to what already is writes nothing.
   */
  async run(id: AccountId, change: ProfileChange): Promise<void> {
    const wanted = this.toRow(change);
    if (wanted.usernameNormal != null && !(await this.has(id, wanted.usernameNormal))) {
      await this.brake.admit({ kind: 'account_username', subject: id });
    }
    await this.desk.unitOfWork.asSystem(async (tx) => {
      const before = await this.desk.accounts.lock(tx, id);
      if (before === null) throw accountsErrors.account_not_found();
      const changed = (Object.keys(wanted) as (keyof Row)[]).filter((field) => wanted[field] !== before[field]);
      if (changed.length === 0) return;
      await this.desk.accounts.update(tx, id, { ...wanted, updatedAt: this.desk.clock.now() });
      const fields = changed.filter((field) => field !== 'usernameNormal');
      await this.events.record(tx, { action: 'account.changed', accountId: id, detail: { fields } });
    });
  }

  private async has(id: AccountId, usernameNormal: string): Promise<boolean> {
    const account = await this.desk.unitOfWork.asSystem((tx) => this.desk.accounts.find(tx, id));
    return account?.usernameNormal === usernameNormal;
  }

  private toRow({ username, displayName, locale, phone }: ProfileChange): Row {
    if (phone != null && this.settings.accountPhone === 'off') {
      throw invalidRequest([{ field: 'phone', message: 'is not asked for here' }]);
    }
    return {
      ...(username === undefined ? {} : usernameColumns(username)),
      ...(displayName === undefined ? {} : { displayName }),
      ...(locale === undefined ? {} : { locale }),
      ...(phone === undefined ? {} : { phone }),
    };
  }
}

function usernameColumns(text: string | null): Pick<AccountEntity, 'username' | 'usernameNormal'> {
  if (text === null) return { username: null, usernameNormal: null };
  const username = readUsername(text);
  if ('problem' in username) throw invalidRequest([{ field: 'username', message: username.problem }]);
  return { username: username.written, usernameNormal: username.normal };
}
