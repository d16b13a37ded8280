import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { StoredProviderSecret } from '../data/identity-provider.entity.js';
import {
  IdentityProvidersRepository,
  type Provider,
  type ProviderOwner,
  type ProviderRef,
  type ProvidersAfter,
} from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { ProviderJournal } from './provider-journal.js';

export type ProviderChange = Partial<Pick<Provider, 'name' | 'status' | 'settings'>>;

/** Writes identity providers, each together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedProviders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly tenants: Tenants,
    private readonly journal: ProviderJournal,
  ) {}

  /** One transaction that sees the providers of this owner; for the installation's own, a system one. */
  within<T>(owner: ProviderOwner, work: (tx: Tx) => Promise<T>): Promise<T> {
    return owner === null ? this.unitOfWork.asSystem(work) : this.unitOfWork.forOrganisation(owner, work);
  }

  /** Raises `tenants/organisation_not_found` and `federation/provider_name_taken`. */
  async add(tx: Tx, actor: AuditActor, provider: Provider): Promise<void> {
    if (provider.organisationId !== null) await this.tenants.requireOrganisation(tx, provider.organisationId);
    await this.providers.insert(tx, provider);
    await this.journal.record(tx, actor, provider, { what: 'created', kind: provider.kind });
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  async list(tx: Tx, owner: ProviderOwner, page: ProvidersAfter): Promise<Provider[]> {
    if (owner !== null) await this.tenants.requireOrganisation(tx, owner);
    return this.providers.list(tx, owner, page);
  }

  /** Raises `federation/provider_not_found`. */
  async get(tx: Tx, ref: ProviderRef): Promise<Provider> {
    const provider = await this.providers.find(tx, ref);
    if (provider === null) throw federationErrors.provider_not_found();
    return provider;
  }

  /** The same, locked until the transaction ends: settings are written as a whole, so whoever changes a part of them reads them first. */
  async lock(tx: Tx, ref: ProviderRef): Promise<Provider> {
    const provider = await this.providers.lock(tx, ref);
    if (provider === null) throw federationErrors.provider_not_found();
    return provider;
  }

  /** Raises `federation/provider_not_found` and `federation/provider_name_taken`. */
  async change(tx: Tx, actor: AuditActor, ref: ProviderRef, change: ProviderChange): Promise<Provider> {
    const changed = await this.providers.update(tx, ref, { ...change, updatedAt: this.journal.now() });
    if (!changed) throw federationErrors.provider_not_found();
    await this.journal.record(tx, actor, ref, {
      what: 'changed',
      fields: Object.keys(change),
      ...(change.status ? { status: change.status } : {}),
    });
    return this.get(tx, ref);
  }

  /** Raises `federation/provider_changed` when another secret, or the end of the provider, was first. */
  async replaceSecret(tx: Tx, actor: AuditActor, ref: ProviderRef, secret: StoredProviderSecret): Promise<Provider> {
    if (!(await this.providers.replaceSecret(tx, ref, secret, this.journal.now()))) throw federationErrors.provider_changed();
    await this.journal.record(tx, actor, ref, { what: 'secret_replaced', version: secret.secretVersion });
    return this.get(tx, ref);
  }

  /** Removes a provider and, with it, every identity linked through it. Raises `federation/provider_not_found` and `federation/provider_in_use`. */
  async remove(actor: AuditActor, ref: ProviderRef): Promise<void> {
    // Identities belong to people and are seen by system transactions alone; that the provider is the caller's is asked for by name.
    await this.unitOfWork.asSystem(async (tx) => {
      await this.get(tx, ref);
      const identities = await this.providers.countIdentities(tx, ref.id);
      if (!(await this.providers.delete(tx, ref))) throw federationErrors.provider_not_found();
      await this.journal.record(tx, actor, ref, { what: 'deleted', identities });
    });
  }
}
