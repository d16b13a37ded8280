import { Injectable } from '@nestjs/common';
import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import { type AccountId, newId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { Accounts, type AccountStatus, type AccountSummary, type NewAccount } from '../accounts.contract.js';
import { accountsErrors } from '../accounts.errors.js';
import type { AccountEntity } from '../data/account.entity.js';
import { AccountDesk } from './account-desk.js';
import { AccountEvents } from './account-events.js';
import { readEmailAddress } from './email-address.js';
import { SecondFactors } from './second-factors.js';
import { readUsername } from './username.js';

const STATUS_ACTIONS = { active: 'account.released', blocked: 'account.blocked', closed: 'account.closed' } as const;

/** {@link Accounts}, in the caller's transaction, with an audit row for every change. */
@Injectable()
export class CommittedAccounts extends Accounts {
  constructor(
    private readonly desk: AccountDesk,
    private readonly events: AccountEvents,
    private readonly settings: Settings,
    private readonly secondFactors: SecondFactors,
  ) {
    super();
  }

  override async find(tx: Tx, id: AccountId): Promise<AccountSummary | null> {
    const account = await this.desk.accounts.find(tx, id);
    return account && toAccountSummary(account);
  }

  override async findByVerifiedEmail(tx: Tx, email: string): Promise<AccountSummary | null> {
    const address = readEmailAddress(email);
    if ('problem' in address) return null;
    const account = await this.desk.accounts.findByVerifiedEmail(tx, address.normal);
    return account && toAccountSummary(account);
  }

  override async hasOwnWayIn(tx: Tx, id: AccountId): Promise<boolean> {
    const { signInMethods } = this.settings;
    const account = await this.desk.accounts.find(tx, id);
    if (account === null) return false;
    if (signInMethods.includes('email_link') && account.emailVerifiedAt !== null) return true;
    if (signInMethods.includes('password') && (await this.desk.accounts.findPassword(tx, id)) !== null) return true;
    return signInMethods.includes('webauthn') && (await this.secondFactors.hasPasskey(tx, id));
  }

  override async create(tx: Tx, account: NewAccount, actor: AuditActor): Promise<AccountSummary> {
    const now = this.desk.clock.now();
    const names = readNames(account);
    const row: AccountEntity = {
      id: newId<AccountId>(),
      ...names,
      emailVerifiedAt: account.emailVerified && names.email !== null ? now : null,
      displayName: account.displayName,
      locale: account.locale,
      phone: null,
      attestedAge: account.attestedAge,
      attestedAt: account.attestedAge === null ? null : now,
      status: 'active',
      createdAt: now,
      updatedAt: now,
    };
    await this.desk.accounts.insert(tx, row);
    const detail = { attestedAge: account.attestedAge, emailVerified: row.emailVerifiedAt !== null };
    await this.events.record(tx, { action: 'account.created', accountId: row.id, actor, detail });
    return toAccountSummary(row);
  }

  override async changeStatus(tx: Tx, id: AccountId, status: AccountStatus, actor: AuditActor): Promise<void> {
    const before = await this.desk.accounts.lock(tx, id);
    if (before === null) throw accountsErrors.account_not_found();
    if (before.status === status) return;
    await this.desk.accounts.update(tx, id, { status, updatedAt: this.desk.clock.now() });
    await this.events.record(tx, { action: STATUS_ACTIONS[status], accountId: id, actor, detail: { from: before.status } });
    if (status !== 'active') await this.endSessions(tx, id, actor);
  }

  override async endSessions(tx: Tx, id: AccountId, actor: AuditActor): Promise<number> {
    const ended = await this.desk.sessions.endAll(tx, id);
    if (ended > 0) await this.events.record(tx, { action: 'account.sessions_ended', accountId: id, actor, detail: { ended } });
    return ended;
  }
}

export function toAccountSummary(account: AccountEntity): AccountSummary {
  const { id, email, username, displayName, locale, status, createdAt } = account;
  return { id, email, emailVerified: account.emailVerifiedAt !== null, username, displayName, locale, status, createdAt };
}

/** Both names as written and as compared. Raises `lethe/invalid_request` naming the one that is wrong. */
function readNames(account: NewAccount): Pick<AccountEntity, 'email' | 'emailNormal' | 'username' | 'usernameNormal'> {
  const errors: FieldError[] = [];
  const email = account.email === null ? null : readEmailAddress(account.email);
  const username = account.username === null ? null : readUsername(account.username);
  if (email !== null && 'problem' in email) errors.push({ field: 'email', message: email.problem });
  if (username !== null && 'problem' in username) errors.push({ field: 'username', message: username.problem });
  if ((email !== null && 'problem' in email) || (username !== null && 'problem' in username)) throw invalidRequest(errors);
  return {
    email: email?.written ?? null,
    emailNormal: email?.normal ?? null,
    username: username?.written ?? null,
    usernameNormal: username?.normal ?? null,
  };
}
