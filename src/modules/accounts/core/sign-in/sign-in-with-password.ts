import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession, SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';
import { SessionsRepository } from '../../data/sessions.repository.js';
import { readEmailAddress } from '../email-address.js';
import { PasswordHashes } from '../passwords/password-hashes.js';
import { requireMethod } from '../require-method.js';
import { networkTagOf } from '../sessions/describe-origin.js';
import { OpenSession } from '../sessions/open-session.js';
import { SessionRules } from '../sessions/session-rules.js';
import { networkPressed, type Pressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { readUsername } from '../username.js';

/** Stands for nobody, so that a name without an account costs the same statements as one with. */
const NOBODY = '00000000-0000-0000-0000-000000000000' as AccountId;

interface Found {
  readonly accountId: AccountId | null;
  readonly hash: string | null;
  /** Somebody is signed in to the account from the same network. */
  readonly isFamiliar: boolean;
}

/**
 * Signs in by e-mail address or username and password. A name that is nobody's and a password that is wrong are one answer after one time. Guessing
 * is slowed per name and per network; whoever is signed in already from the same network is not held up by strangers guessing from elsewhere.
 */
@Injectable()
export class SignInWithPassword {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly sessions: SessionsRepository,
    private readonly rules: SessionRules,
    private readonly hashes: PasswordHashes,
    private readonly brake: SignInBrake,
    private readonly opening: OpenSession,
    private readonly settings: Settings,
  ) {}

  /** Raises `accounts/sign_in_refused`, `accounts/method_off`, `accounts/account_blocked` (to who knows the password), `http/too_many_requests`. */
  async run(name: string, password: string, origin: SignInOrigin): Promise<OpenedSession> {
    requireMethod(this.settings, 'password');
    const found = await this.unitOfWork.asSystem((tx) => this.find(tx, name, origin));
    const pressed: Pressed[] = [networkPressed('network_sign_in', origin.remoteAddress)];
    if (!found.isFamiliar) pressed.push({ kind: 'account_sign_in', subject: found.accountId ?? comparable(name) });
    await this.brake.admit(...pressed);
    const isRight = await this.hashes.verify(password, found.hash);
    if (!isRight || found.accountId === null || found.hash === null) throw accountsErrors.sign_in_refused();
    const { accountId, hash } = found;
    const renewed = this.hashes.isOutdated(hash) ? await this.hashes.hash(password) : null;
    return this.unitOfWork.asSystem(async (tx) => {
      const session = await this.opening.openIn(tx, accountId, { method: 'password', secondFactorDone: false }, origin);
      // Changed since it was looked up: then it is no longer the password.
      if ((await this.accounts.findPassword(tx, accountId)) !== hash) throw accountsErrors.sign_in_refused();
      if (renewed !== null) await this.accounts.renewHash(tx, accountId, hash, renewed);
      await this.brake.relieve(tx, ...pressed);
      return session;
    });
  }

  private async find(tx: Tx, name: string, { remoteAddress }: SignInOrigin): Promise<Found> {
    const account = await this.findAccount(tx, name);
    const id = account?.id ?? NOBODY;
    const hash = await this.accounts.findPassword(tx, id);
    const tag = networkTagOf(id, remoteAddress);
    const isFamiliar = (await this.sessions.list(tx, id, this.rules.idleSince())).some(
      (session) => session.networkTag === tag && this.rules.isAlive(session),
    );
    return { accountId: account?.id ?? null, hash, isFamiliar };
  }

  private async findAccount(tx: Tx, name: string): Promise<AccountEntity | null> {
    if (name.includes('@')) {
      const address = readEmailAddress(name);
      return 'problem' in address ? null : this.accounts.findByVerifiedEmail(tx, address.normal);
    }
    const username = readUsername(name);
    return 'problem' in username ? null : this.accounts.findByUsername(tx, username.normal);
  }
}

function comparable(name: string): string {
  return name.normalize('NFKC').toLowerCase().trim();
}
