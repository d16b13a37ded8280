import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { type IdentityProviderId, newId } from '../../../kernel/ids.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { Provider, ProviderOwner } from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';
import { configurationOf, type ProviderDraft } from './provider-draft.js';
import { ProviderHttp } from './provider-http.js';
import { sealProviderSecret } from './provider-secret.js';

const NO_SECRET = { secretVersion: 0, secretHint: null, formatVersion: null, kmsKeyId: null, wrappedKey: null, ciphertext: null } as const;

/** Adds an OpenID Connect or OAuth 2.0 provider. Its client secret is sealed at once. */
@Injectable()
export class CreateProvider {
  constructor(
    private readonly providers: AuditedProviders,
    private readonly http: ProviderHttp,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
  ) {}

  /** Raises `lethe/invalid_request`, `outbound/*`, `kms/*`, `federation/provider_name_taken` and `tenants/organisation_not_found`. */
  async run(
    actor: AuditActor,
    owner: ProviderOwner,
    draft: ProviderDraft & { readonly name: string; readonly clientSecret?: string | undefined },
  ): Promise<Provider> {
    const configuration = configurationOf(draft, owner, this.http);
    const id = newId<IdentityProviderId>();
    const isPublic = configuration.connection.clientAuthentication === 'none';
    if (isPublic === (draft.clientSecret !== undefined)) {
      const message = isPublic ? 'is not for a client that authenticates by PKCE alone' : 'is needed for this way of authenticating';
      throw invalidRequest([{ field: 'clientSecret', message }]);
    }
    // Sealed before the transaction: no row lock waits for a key management service.
    const secret =
      draft.clientSecret === undefined
        ? NO_SECRET
        : await sealProviderSecret(this.kms, draft.clientSecret, { organisationId: owner, id }, 1);
    const now = this.clock.now();
    const named = { id, organisationId: owner, name: draft.name.trim(), status: 'active', createdAt: now, updatedAt: now } as const;
    const provider: Provider = { ...named, ...configuration, ...secret };
    await this.providers.within(owner, (tx) => this.providers.add(tx, actor, provider));
    return provider;
  }
}
