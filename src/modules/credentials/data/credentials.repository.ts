import { Injectable } from '@nestjs/common';
import { In, Not } from 'typeorm';
import { errorCode } from '../../../kernel/errors.js';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { credentialsErrors } from '../credentials.errors.js';
import { type CredentialRow, ProviderCredential } from './provider-credential.entity.js';

/** Names one secret of one credential under one wrapping: a write against it fails once any of the three has moved on. */
export type SealOfCredential = Pick<CredentialRow, 'id' | 'version' | 'kmsKeyId'>;

export interface ListedAfter {
  readonly after?: CredentialId | undefined;
  readonly limit?: number | undefined;
}

/** Rows of `provider_credential`. Besides row-level security every read of a tenant names the organisation (A3). */
@Injectable()
export class CredentialsRepository {
  /** Raises `credentials/name_taken`. */
  async insert(tx: Tx, credential: CredentialRow): Promise<void> {
    await tx.insert(ProviderCredential, credential).catch(nameTaken);
  }

  find(tx: Tx, organisationId: OrganisationId, id: CredentialId): Promise<CredentialRow | null> {
    return tx.findOneBy(ProviderCredential, { organisationId, id });
  }

  /** Oldest first. */
  list(tx: Tx, organisationId: OrganisationId, { after, limit }: ListedAfter = {}): Promise<CredentialRow[]> {
    return tx.find(ProviderCredential, oldestFirst({ organisationId }, after, limit));
  }

  async existing(tx: Tx, organisationId: OrganisationId, ids: readonly CredentialId[]): Promise<ReadonlySet<CredentialId>> {
    const rows = await tx.find(ProviderCredential, { select: { id: true }, where: { organisationId, id: In(ids) } });
    return new Set(rows.map((row) => row.id));
  }

  /** Whether the row was there to change. Raises `credentials/name_taken`. */
  async update(
    tx: Tx,
    { organisationId, id }: Pick<CredentialRow, 'organisationId' | 'id'>,
    change: Partial<Pick<CredentialRow, 'name' | 'status' | 'updatedAt'>>,
  ): Promise<boolean> {
    const { affected } = await tx.update(ProviderCredential, { organisationId, id }, change).catch(nameTaken);
    return affected === 1;
  }

  /** Puts a new secret in place of the one before it. False when another rotation was first. */
  async replaceSecret(tx: Tx, next: CredentialRow): Promise<boolean> {
    const { id, organisationId, version, hint, formatVersion, kmsKeyId, wrappedKey, ciphertext, updatedAt } = next;
    const { affected } = await tx.update(
      ProviderCredential,
      { id, organisationId, version: version - 1 },
      { version, hint, formatVersion, kmsKeyId, wrappedKey, ciphertext, updatedAt },
    );
    return affected === 1;
  }

  /** Whether the row was there to delete. Raises `credentials/in_use` while a route refers to it. */
  async delete(tx: Tx, organisationId: OrganisationId, id: CredentialId): Promise<boolean> {
    const { affected } = await tx.delete(ProviderCredential, { organisationId, id }).catch((error: unknown) => {
      if (errorCode(error) === FOREIGN_KEY_VIOLATION) throw credentialsErrors.in_use({ cause: error });
      throw error;
    });
    return affected === 1;
  }

  /** Every credential of every tenant: for the snapshot, in a system transaction. */
  all(tx: Tx): Promise<CredentialRow[]> {
    return tx.find(ProviderCredential);
  }

  /** One credential of any tenant: for the snapshot, in a system transaction. */
  anyById(tx: Tx, id: CredentialId): Promise<CredentialRow | null> {
    return tx.findOneBy(ProviderCredential, { id });
  }

  /** Credentials of all tenants whose data key is not wrapped under `kmsKeyId`, in the order of their ids. */
  wrappedOtherwise(tx: Tx, kmsKeyId: string, { after, limit }: ListedAfter): Promise<CredentialRow[]> {
    return tx.find(ProviderCredential, oldestFirst({ kmsKeyId: Not(kmsKeyId) }, after, limit));
  }

  /** Writes the wrapped key and nothing else. False when `seal` is no longer what is stored. */
  async replaceWrappedKey(tx: Tx, seal: SealOfCredential, wrapped: Pick<CredentialRow, 'kmsKeyId' | 'wrappedKey'>): Promise<boolean> {
    const { id, version, kmsKeyId } = seal;
    const { affected } = await tx.update(ProviderCredential, { id, version, kmsKeyId }, wrapped);
    return affected === 1;
  }
}

function nameTaken(error: unknown): never {
  if (errorCode(error) === UNIQUE_VIOLATION) throw credentialsErrors.name_taken({ cause: error });
  throw error;
}
