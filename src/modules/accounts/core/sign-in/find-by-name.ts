import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { SignInOrigin } from '../../accounts.contract.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountDesk } from '../account-desk.js';
import { readEmailAddress } from '../email-address.js';
import { networkTagOf } from '../sessions/describe-origin.js';
import { SessionRules } from '../sessions/session-rules.js';
import { networkPressed, type Pressed } from '../throttle/sign-in-brake.js';
import { readUsername } from '../username.js';

/** Stands for nobody, so that a name without an account costs the same statements as one with. */
const NOBODY = '00000000-0000-0000-0000-000000000000' as AccountId;

/** Whom a name belongs to, and what an attempt to sign in under it counts under. */
export interface NamedAccount {
  readonly accountId: AccountId | null;
  readonly hash: string | null;
  readonly pressed: readonly Pressed[];
}

/** A name as all its spellings are compared, and whose it is. */
interface ReadName {
  readonly normal: string;
  readonly account: AccountEntity | null;
}

/** Finds the account somebody wants to sign in to, by e-mail address or username, with the same statements when there is none. */
@Injectable()
export class FindByName {
  constructor(
    private readonly desk: AccountDesk,
    private readonly rules: SessionRules,
  ) {}

  async run(tx: Tx, name: string, { remoteAddress }: SignInOrigin): Promise<NamedAccount> {
    const { normal, account } = await this.find(tx, name);
    const id = account?.id ?? NOBODY;
    const hash = await this.desk.accounts.findPassword(tx, id);
    const pressed: Pressed[] = [networkPressed('network_sign_in', remoteAddress)];
    // By name, not by account: that two names or spellings are slowed together would tell that they are somebody's.
    if (!(await this.isFamiliar(tx, id, remoteAddress))) pressed.push({ kind: 'account_sign_in', subject: normal });
    return { accountId: account?.id ?? null, hash, pressed };
  }

  /** Whether somebody is signed in to the account from the same network: strangers who guess from elsewhere do not hold them up. */
  private async isFamiliar(tx: Tx, id: AccountId, remoteAddress: string): Promise<boolean> {
    const tag = networkTagOf(id, remoteAddress);
    const sessions = await this.desk.sessions.list(tx, id, this.desk.clock.now());
    return sessions.some((session) => session.networkTag === tag && this.rules.isAlive(session));
  }

  private async find(tx: Tx, name: string): Promise<ReadName> {
    const isAddress = name.includes('@');
    const read = isAddress ? readEmailAddress(name) : readUsername(name);
    if ('problem' in read) return { normal: name.normalize('NFKC').toLowerCase().trim(), account: null };
    const { normal } = read;
    const { accounts } = this.desk;
    return { normal, account: await (isAddress ? accounts.findByVerifiedEmail(tx, normal) : accounts.findByUsername(tx, normal)) };
  }
}
