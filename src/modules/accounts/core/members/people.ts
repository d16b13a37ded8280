import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Principal } from '../../../../platform/http/principal.js';
import type { AccountEntity } from '../../data/account.entity.js';
import { AccountsRepository } from '../../data/accounts.repository.js';

/** How to reach somebody. */
export interface Reachable {
  readonly accountId: AccountId;
  /** Null unless proven: nothing is mailed to an address that may be a stranger's. */
  readonly email: string | null;
  readonly locale: string;
}

/** Who is on either end of an invitation. */
export interface Correspondents {
  /** Whoever has proven the address; null for one that is new here. Only ever used to write to them, and to see that they are no member. */
  readonly invited: AccountEntity | null;
  readonly inviterName: string | null;
  readonly inviterLocale: string | null;
}

/** Names and addresses, read before a change, whose transaction sees one organisation and no accounts (A3). */
@Injectable()
export class People {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
  ) {}

  /** Those that do not exist are left out. */
  async reach(ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Reachable>> {
    const people = await this.unitOfWork.asSystem((tx) => this.accounts.findAmong(tx, ids));
    return new Map(
      people.map(({ id, email, emailVerifiedAt, locale }) => [
        id,
        { accountId: id, email: emailVerifiedAt === null ? null : email, locale },
      ]),
    );
  }

  correspondents(emailNormal: string, inviter: Principal): Promise<Correspondents> {
    return this.unitOfWork.asSystem(async (tx) => {
      const invited = await this.accounts.findByVerifiedEmail(tx, emailNormal);
      const account = inviter.kind === 'account' ? await this.accounts.find(tx, inviter.id) : null;
      return { invited, inviterName: account?.displayName ?? null, inviterLocale: account?.locale ?? null };
    });
  }
}
