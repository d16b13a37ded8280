import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../kernel/errors.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ProviderStatus } from '../data/identity-provider.entity.js';
import type { Provider, ProviderRef } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { AuditedProviders } from './audited-providers.js';
import { changedSettings, type SettingsDraft } from './provider-draft.js';

/** What to change; what is absent stays. */
export interface ProviderChangeDraft {
  readonly name?: string | undefined;
  readonly status?: ProviderStatus | undefined;
  readonly settings?: SettingsDraft | undefined;
}

/** Renames a provider, switches it on or off, or changes how far it is believed. Whom it speaks to stays for life. */
@Injectable()
export class ChangeProvider {
  constructor(private readonly providers: AuditedProviders) {}

  /** Raises `federation/provider_not_found`, `federation/provider_name_taken`, and `lethe/invalid_request` when there is nothing to change. */
  run(actor: AuditActor, ref: ProviderRef, { name, status, settings }: ProviderChangeDraft): Promise<Provider> {
    if (name === undefined && status === undefined && settings === undefined) {
      throw invalidRequest([{ field: 'body', message: 'must have a name, a status or settings' }]);
    }
    return this.providers.within(ref.organisationId, async (tx) => {
      const before = await this.providers.lock(tx, ref);
      if (before.kind === 'saml') throw federationErrors.provider_not_found();
      return this.providers.change(tx, actor, ref, {
        ...(name === undefined ? {} : { name: name.trim() }),
        ...(status === undefined ? {} : { status }),
        ...(settings === undefined ? {} : { settings: changedSettings(before, settings, ref.organisationId) }),
      });
    });
  }
}
