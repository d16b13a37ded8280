import { Injectable } from '@nestjs/common';
import type { AccountId, ExternalIdentityId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Accounts } from '../../accounts/accounts.contract.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { IdentityBook } from './identity-book.js';
import { SignOnProviders } from './sign-on-providers.js';

/** An identity as its owner sees it. */
export interface LinkedIdentity extends ExternalIdentityRow {
  readonly provider: Pick<Provider, 'id' | 'name' | 'kind' | 'status' | 'organisationId'>;
}

/** The identities of an account, for its owner. */
@Injectable()
export class LinkedIdentities {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly book: IdentityBook,
    private readonly providers: SignOnProviders,
    private readonly accounts: Accounts,
  ) {}

  async list(accountId: AccountId): Promise<LinkedIdentity[]> {
    return this.withProviders(await this.unitOfWork.asSystem((tx) => this.book.ofAccount(tx, accountId)));
  }

  /** Raises `federation/identity_not_found`, and `federation/last_way_in` when nothing would be left to sign in with. */
  async unlink(actor: AuditActor, accountId: AccountId, id: ExternalIdentityId): Promise<void> {
    const linked = await this.list(accountId);
    const gone = linked.find((identity) => identity.id === id);
    if (gone === undefined) throw federationErrors.identity_not_found();
    const letIn = new Set(linked.filter(({ provider }) => this.providers.letsIn(provider)).map((identity) => identity.id));
    await this.unitOfWork.asSystem(async (tx) => {
      // One after the other: of the last two at the same moment the second sees what the first has left.
      const left = (await this.book.lockAccount(tx, accountId)).filter((identity) => identity.id !== id && letIn.has(identity.id));
      if (left.length === 0 && !(await this.accounts.hasOwnWayIn(tx, accountId))) throw federationErrors.last_way_in();
      await this.book.unlink(tx, actor, gone, gone.provider);
    });
  }

  private async withProviders(identities: readonly ExternalIdentityRow[]): Promise<LinkedIdentity[]> {
    const linked: LinkedIdentity[] = [];
    for (const identity of identities) {
      const provider = await this.providers.find(identity.providerId);
      if (provider !== null) linked.push({ ...identity, provider });
    }
    return linked;
  }
}
