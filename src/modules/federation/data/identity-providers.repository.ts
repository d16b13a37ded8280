import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { ProviderConfiguration } from '../core/provider-configuration.js';
import { federationErrors } from '../federation.errors.js';
import { ExternalIdentity } from './external-identity.entity.js';
import { IdentityProvider, type IdentityProviderRow, type StoredProviderSecret } from './identity-provider.entity.js';

/** A provider whose connection and settings are those of its kind. */
export type Provider = Omit<IdentityProviderRow, 'kind' | 'connection' | 'settings'> & ProviderConfiguration;

/** Whose provider: an organisation's, or with null the installation's own, which only a system transaction sees. */
export type ProviderOwner = OrganisationId | null;

export interface ProviderRef {
  readonly organisationId: ProviderOwner;
  readonly id: IdentityProviderId;
}

export interface ProvidersAfter {
  readonly after?: IdentityProviderId | undefined;
  readonly limit?: number | undefined;
}

/** Rows of `identity_provider`. Besides row-level security every read names whose it is (A3). */
@Injectable()
export class IdentityProvidersRepository {
  /** Raises `federation/provider_name_taken`. */
  async insert(tx: Tx, provider: Provider): Promise<void> {
    await tx.insert(IdentityProvider, provider as object).catch(nameTaken);
  }

  find(tx: Tx, { organisationId, id }: ProviderRef): Promise<Provider | null> {
    return tx.findOneBy(IdentityProvider, { organisationId: organisationId ?? IsNull(), id }) as Promise<Provider | null>;
  }

  /** The same, locked until the transaction ends. */
  lock(tx: Tx, { organisationId, id }: ProviderRef): Promise<Provider | null> {
    const where = { organisationId: organisationId ?? IsNull(), id };
    return tx.findOne(IdentityProvider, { where, lock: { mode: 'for_no_key_update' } }) as Promise<Provider | null>;
  }

  /** Whoever it belongs to: for a sign-in, which names nobody. The transaction must be a system one. */
  findAny(tx: Tx, id: IdentityProviderId): Promise<Provider | null> {
    return tx.findOneBy(IdentityProvider, { id }) as Promise<Provider | null>;
  }

  /** Oldest first. */
  list(tx: Tx, owner: ProviderOwner, { after, limit }: ProvidersAfter = {}): Promise<Provider[]> {
    return tx.find(IdentityProvider, oldestFirst({ organisationId: owner ?? IsNull() }, after, limit)) as Promise<Provider[]>;
  }

  /** Whether the row was there to change. Raises `federation/provider_name_taken`. */
  async update(
    tx: Tx,
    { organisationId, id }: ProviderRef,
    change: Partial<Pick<Provider, 'name' | 'status' | 'settings'>> & Pick<Provider, 'updatedAt'>,
  ): Promise<boolean> {
    const where = { organisationId: organisationId ?? IsNull(), id };
    const { affected } = await tx.update(IdentityProvider, where, change as object).catch(nameTaken);
    return affected === 1;
  }

  /** Puts a new secret in place of the one before it. False when somebody else was first. */
  async replaceSecret(tx: Tx, { organisationId, id }: ProviderRef, secret: StoredProviderSecret, updatedAt: Date): Promise<boolean> {
    const where = { organisationId: organisationId ?? IsNull(), id, secretVersion: secret.secretVersion - 1 };
    const { affected } = await tx.update(IdentityProvider, where, { ...secret, updatedAt });
    return affected === 1;
  }

  /** How many identities would go with it. The transaction must be a system one. */
  countIdentities(tx: Tx, providerId: IdentityProviderId): Promise<number> {
    return tx.countBy(ExternalIdentity, { providerId });
  }

  /** Whether the row was there to delete; its identities go with it. Raises `federation/provider_in_use` while a domain demands it. */
  async delete(tx: Tx, { organisationId, id }: ProviderRef): Promise<boolean> {
    const { affected } = await tx.delete(IdentityProvider, { organisationId: organisationId ?? IsNull(), id }).catch((error: unknown) => {
      if (violatedConstraint(error)?.startsWith('captured_domain')) throw federationErrors.provider_in_use({ cause: error });
      throw error;
    });
    return affected === 1;
  }

  /** Providers of all owners whose data key is not wrapped under `kmsKeyId`: a page after the id `after`. */
  wrappedOtherwise(tx: Tx, kmsKeyId: string, after: IdentityProviderId | undefined, limit: number): Promise<Provider[]> {
    const query = tx
      .createQueryBuilder(IdentityProvider, 'provider')
      .where('provider.kms_key_id <> :kmsKeyId', { kmsKeyId })
      .orderBy('provider.id')
      .take(limit);
    if (after !== undefined) query.andWhere('provider.id > :after', { after });
    return query.getMany() as Promise<Provider[]>;
  }

  /** False, and nothing written, when the secret is no longer sealed as `provider` says. */
  async replaceWrappedKey(
    tx: Tx,
    { id, secretVersion, kmsKeyId }: Pick<Provider, 'id' | 'secretVersion' | 'kmsKeyId'>,
    wrapped: { readonly kmsKeyId: string; readonly wrappedKey: Buffer },
  ): Promise<boolean> {
    const { affected } = await tx.update(IdentityProvider, { id, secretVersion, kmsKeyId: kmsKeyId ?? IsNull() }, wrapped);
    return affected === 1;
  }
}

function nameTaken(error: unknown): never {
  if (violatedConstraint(error) === 'identity_provider_organisation_id_name_key') {
    throw federationErrors.provider_name_taken({ cause: error, details: { field: 'name' } });
  }
  throw error;
}
