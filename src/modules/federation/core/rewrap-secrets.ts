import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { ExternalIdentityId, IdentityProviderId } from '../../../kernel/ids.js';
import type { SealedRows } from '../../../platform/kms/rewrap-rows.js';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import { ExternalGrantsRepository } from '../data/external-grants.repository.js';
import { sealedSecretOf } from '../data/identity-provider.entity.js';
import { IdentityProvidersRepository, type Provider } from '../data/identity-providers.repository.js';
import { grantContext } from './keep-grant.js';
import { ProviderJournal } from './provider-journal.js';
import { contextOf } from './provider-secret.js';
import { Rewrapping } from './rewrapping.js';

const ACTOR = { kind: 'system', id: 'rewrap-federation' } as const;

/** Follows a rotation of the root key with client secrets and refresh tokens (K3). */
@Injectable()
export class RewrapSecrets {
  constructor(
    private readonly rewrapping: Rewrapping,
    private readonly providers: IdentityProvidersRepository,
    private readonly grants: ExternalGrantsRepository,
    private readonly journal: ProviderJournal,
  ) {}

  /** Answers how many were moved. Raises `kms/*`. */
  async run(signal?: AbortSignal): Promise<number> {
    return (await this.rewrapping.run(this.sealedProviders(), signal)) + (await this.rewrapping.run(this.sealedGrants(), signal));
  }

  private sealedProviders(): SealedRows<Provider, IdentityProviderId> {
    return this.rewrapping.rows({
      idOf: ({ id }) => id,
      due: (tx, kmsKeyId, after, limit) => this.providers.wrappedOtherwise(tx, kmsKeyId, after, limit),
      sealed: (provider) => ({
        envelope: present(sealedSecretOf(provider), 'the secret of a provider that is wrapped'),
        context: contextOf(provider, provider.secretVersion),
      }),
      store: async (tx, provider, wrapped) => {
        if (!(await this.providers.replaceWrappedKey(tx, provider, wrapped))) return false;
        await this.journal.record(tx, ACTOR, provider, { what: 'secret_rewrapped', from: provider.kmsKeyId, to: wrapped.kmsKeyId });
        return true;
      },
    });
  }

  /** Refresh tokens come and go by themselves, so moving one is worth no audit row of its own. */
  private sealedGrants(): SealedRows<ExternalGrantRow, ExternalIdentityId> {
    return this.rewrapping.rows({
      idOf: ({ identityId }) => identityId,
      due: (tx, kmsKeyId, after, limit) => this.grants.wrappedOtherwise(tx, kmsKeyId, after, limit),
      sealed: (grant) => ({ envelope: grant, context: grantContext(grant.identityId, grant.version) }),
      store: (tx, grant, wrapped) => this.grants.replaceWrappedKey(tx, grant, wrapped),
    });
  }
}
