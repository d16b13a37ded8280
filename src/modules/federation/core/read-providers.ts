import { Injectable } from '@nestjs/common';
import { Settings } from '../../../platform/config/settings.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import {
  IdentityProvidersRepository,
  type Provider,
  type ProviderOwner,
  type ProviderRef,
  type ProvidersAfter,
} from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';

/** Shows providers to whoever administers them, and to whoever wants to sign in. */
@Injectable()
export class ReadProviders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audited: AuditedProviders,
    private readonly providers: IdentityProvidersRepository,
    private readonly tenants: Tenants,
    private readonly settings: Settings,
  ) {}

  /** Raises `federation/provider_not_found`. */
  get(ref: ProviderRef): Promise<Provider> {
    return this.audited.within(ref.organisationId, (tx) => this.audited.get(tx, ref));
  }

  /** Oldest first. Raises `tenants/organisation_not_found`. */
  list(owner: ProviderOwner, page: ProvidersAfter): Promise<Provider[]> {
    return this.audited.within(owner, async (tx) => {
      if (owner !== null) await this.tenants.requireOrganisation(tx, owner);
      return this.providers.list(tx, owner, page);
    });
  }

  /** The installation's own that let people in now. */
  async offered(): Promise<Provider[]> {
    const own = await this.unitOfWork.asSystem((tx) => this.providers.list(tx, null));
    const { signInMethods } = this.settings;
    return own.filter(({ status, kind }) => status === 'active' && signInMethods.includes(kind === 'saml' ? 'saml' : 'oidc'));
  }
}
