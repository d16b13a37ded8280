import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../kernel/errors.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { Provider, ProviderRef } from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';
import { sealProviderSecret } from './provider-secret.js';

/** Puts a new client secret in place of the present one. */
@Injectable()
export class ReplaceProviderSecret {
  constructor(
    private readonly providers: AuditedProviders,
    private readonly kms: KeyManagementService,
  ) {}

  /** Raises `federation/provider_not_found`, `federation/provider_changed`, `lethe/invalid_request` and `kms/*`. */
  async run(actor: AuditActor, ref: ProviderRef, secret: string): Promise<Provider> {
    const before = await this.providers.within(ref.organisationId, (tx) => this.providers.get(tx, ref));
    const isPublic = before.kind === 'saml' || before.connection.clientAuthentication === 'none';
    if (isPublic) throw invalidRequest([{ field: 'clientSecret', message: 'is not for a provider that is asked without one' }]);
    const sealed = await sealProviderSecret(this.kms, secret, ref, before.secretVersion + 1);
    return this.providers.within(ref.organisationId, (tx) => this.providers.replaceSecret(tx, actor, ref, sealed));
  }
}
