import { Injectable } from '@nestjs/common';
import type { AccountId, ExternalIdentityId } from '../../../kernel/ids.js';
import { Settings } from '../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Accounts } from '../../accounts/accounts.contract.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { ExternalIdentitiesRepository } from '../data/external-identities.repository.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { IdentityBook } from './identity-book.js';

/** An identity as its owner sees it. */
export interface LinkedIdentity extends ExternalIdentityRow {
  readonly provider: Pick<Provider, 'id' | 'name' | 'kind' | 'organisationId'>;
}

/** The identities of an account, for its owner. */
@Injectable()
export class LinkedIdentities {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly identities: ExternalIdentitiesRepository,
    private readonly providers: IdentityProvidersRepository,
    private readonly accounts: Accounts,
    private readonly book: IdentityBook,
    private readonly settings: Settings,
  ) {}

  list(accountId: AccountId): Promise<LinkedIdentity[]> {
    return this.unitOfWork.asSystem(async (tx) => {
      const linked = await this.withProviders(tx, accountId);
      return linked.map(({ identity, provider }) => ({ ...identity, provider }));
    });
  }

  /** Raises `federation/identity_not_found`, and `federation/last_way_in` when nothing would be left to sign in with. */
  async unlink(actor: AuditActor, accountId: AccountId, id: ExternalIdentityId): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      // One after the other: of the last two at the same moment the second is refused.
      await this.identities.lockAccount(tx, accountId);
      const linked = await this.withProviders(tx, accountId);
      const gone = linked.find(({ identity }) => identity.id === id);
      if (gone === undefined) throw federationErrors.identity_not_found();
      const others = linked.filter(({ identity, provider }) => identity.id !== id && this.letsIn(provider));
      if (others.length === 0 && !(await this.accounts.hasOwnWayIn(tx, accountId))) throw federationErrors.last_way_in();
      await this.book.unlink(tx, actor, gone.identity, gone.provider);
    });
  }

  private letsIn({ status, kind }: Provider): boolean {
    return status === 'active' && this.settings.signInMethods.includes(kind === 'saml' ? 'saml' : 'oidc');
  }

  private async withProviders(tx: Tx, accountId: AccountId): Promise<{ identity: ExternalIdentityRow; provider: Provider }[]> {
    const linked: { identity: ExternalIdentityRow; provider: Provider }[] = [];
    for (const identity of await this.identities.ofAccount(tx, accountId)) {
      const provider = await this.providers.findAny(tx, identity.providerId);
      if (provider !== null) linked.push({ identity, provider });
    }
    return linked;
  }
}
