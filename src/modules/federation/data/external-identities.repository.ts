import { Injectable } from '@nestjs/common';
import type { AccountId, ExternalIdentityId, IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { federationErrors } from '../federation.errors.js';
import { ExternalGrant, type ExternalGrantRow } from './external-grant.entity.js';
import { ExternalIdentity, type ExternalIdentityRow } from './external-identity.entity.js';
import { IdentityProvider } from './identity-provider.entity.js';

/** What a provider says of a person, as far as it is kept. */
export type ExternalProfile = Pick<ExternalIdentityRow, 'username' | 'email' | 'avatarUrl' | 'vip'>;

/** Rows of `external_identity`. They belong to people and to no organisation: every transaction must be a system one. */
@Injectable()
export class ExternalIdentitiesRepository {
  /** Raises `federation/identity_taken` when provider and subject, or provider and account, are linked already. */
  async insert(tx: Tx, identity: ExternalIdentityRow): Promise<void> {
    await tx.insert(ExternalIdentity, identity).catch((error: unknown) => {
      const constraint = violatedConstraint(error);
      if (constraint?.startsWith('external_identity_provider_id_')) throw federationErrors.identity_taken({ cause: error });
      throw error;
    });
  }

  find(tx: Tx, id: ExternalIdentityId): Promise<ExternalIdentityRow | null> {
    return tx.findOneBy(ExternalIdentity, { id });
  }

  findBySubject(tx: Tx, providerId: IdentityProviderId, subject: string): Promise<ExternalIdentityRow | null> {
    return tx.findOneBy(ExternalIdentity, { providerId, subject });
  }

  /** The one identity an account has at a provider. */
  findByAccount(tx: Tx, providerId: IdentityProviderId, accountId: AccountId): Promise<ExternalIdentityRow | null> {
    return tx.findOneBy(ExternalIdentity, { providerId, accountId });
  }

  /** In the order they were linked. */
  ofAccount(tx: Tx, accountId: AccountId): Promise<ExternalIdentityRow[]> {
    return tx.find(ExternalIdentity, { where: { accountId }, order: { id: 'ASC' } });
  }

  /** Whether the account has an identity at any provider of this organisation. */
  async hasAnyOf(tx: Tx, accountId: AccountId, organisationId: OrganisationId): Promise<boolean> {
    return tx
      .createQueryBuilder(ExternalIdentity, 'identity')
      .innerJoin(IdentityProvider, 'provider', 'provider.id = identity.provider_id')
      .where('identity.account_id = :accountId AND provider.organisation_id = :organisationId', { accountId, organisationId })
      .getExists();
  }

  /** The same as {@link ofAccount}, locked until the transaction ends. */
  lockAccount(tx: Tx, accountId: AccountId): Promise<ExternalIdentityRow[]> {
    return tx.find(ExternalIdentity, { where: { accountId }, order: { id: 'ASC' }, lock: { mode: 'pessimistic_write' } });
  }

  /** Replaces all of the profile: what the provider no longer says is gone. Whether the row was still there. */
  async refresh(tx: Tx, id: ExternalIdentityId, profile: ExternalProfile, refreshedAt: Date): Promise<boolean> {
    const { username, email, avatarUrl, vip } = profile;
    const { affected } = await tx.update(ExternalIdentity, { id }, { username, email, avatarUrl, vip, refreshedAt });
    return affected === 1;
  }

  /** Forgets a refresh token of an identity. False when another has taken its place. */
  async dropGrant(tx: Tx, { identityId, version }: Pick<ExternalGrantRow, 'identityId' | 'version'>): Promise<boolean> {
    const { affected } = await tx.delete(ExternalGrant, { identityId, version });
    return affected === 1;
  }

  /** Leaves the rest of the profile as it is. */
  async endVip(tx: Tx, id: ExternalIdentityId): Promise<void> {
    await tx.update(ExternalIdentity, { id }, { vip: false });
  }

  /** Whether it was the account's, and is gone now. */
  async delete(tx: Tx, accountId: AccountId, id: ExternalIdentityId): Promise<boolean> {
    const { affected } = await tx.delete(ExternalIdentity, { id, accountId });
    return affected === 1;
  }

  /** Whether any provider that is active says so. */
  async isVip(tx: Tx, accountId: AccountId): Promise<boolean> {
    return tx
      .createQueryBuilder(ExternalIdentity, 'identity')
      .innerJoin(IdentityProvider, 'provider', 'provider.id = identity.provider_id')
      .where('identity.account_id = :accountId AND identity.vip', { accountId })
      .andWhere("provider.status = 'active' AND provider.organisation_id IS NULL")
      .getExists();
  }
}
