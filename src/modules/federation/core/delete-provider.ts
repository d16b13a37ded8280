import { Injectable } from '@nestjs/common';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ProviderRef } from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';

/** Removes a provider with its secret, and every identity linked through it. Accounts stay. */
@Injectable()
export class DeleteProvider {
  constructor(private readonly providers: AuditedProviders) {}

  /** Raises `federation/provider_not_found`, and `federation/provider_in_use` while a domain requires sign-in through it. */
  run(actor: AuditActor, ref: ProviderRef): Promise<void> {
    return this.providers.remove(actor, ref);
  }
}
