import { Injectable } from '@nestjs/common';
import type { CredentialId } from '../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../platform/database/change-feed.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { CredentialDirectory, type CredentialSummary, type ProviderName } from '../credentials.contract.js';
import { CredentialsRepository } from '../data/credentials.repository.js';
import type { CredentialRow } from '../data/provider-credential.entity.js';
import type { SealedSecret } from './envelope.js';

/** A credential as it is kept in memory: still sealed. */
export interface SealedCredential {
  readonly summary: CredentialSummary;
  readonly version: number;
  readonly sealed: SealedSecret;
}

/**
 * All credentials, sealed, in memory: they can be found and opened while Postgres is away. A change is heard of when it commits;
 * after a lost connection everything is read again.
 */
@Injectable()
export class CredentialSnapshot extends CredentialDirectory implements ChangeSubscriber {
  readonly tables = ['provider_credential'];
  private credentials = new Map<CredentialId, SealedCredential>();
  private changes = 0;
  private forget: (id: CredentialId) => void = () => undefined;

  constructor(
    feed: ChangeFeed,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: CredentialsRepository,
  ) {
    super();
    feed.subscribe(this);
  }

  override get revision(): number {
    return this.changes;
  }

  override find(id: CredentialId): CredentialSummary | null {
    return this.credentials.get(id)?.summary ?? null;
  }

  override hasProvider(provider: ProviderName): boolean {
    return [...this.credentials.values()].some((credential) => credential.summary.provider === provider);
  }

  sealed(id: CredentialId): SealedCredential | null {
    return this.credentials.get(id) ?? null;
  }

  /** Calls `forget` at once when what a secret opened to is no longer to be used: rotated, disabled, deleted. */
  onSecretGone(forget: (id: CredentialId) => void): void {
    this.forget = forget;
  }

  async onChange(change: Change): Promise<void> {
    const id = change.id as CredentialId;
    const row = await this.unitOfWork.asSystem((tx) => this.repository.anyById(tx, id));
    const before = this.credentials.get(id);
    const after = row ? inMemory(row) : undefined;
    if (after) this.credentials.set(id, after);
    else this.credentials.delete(id);
    this.changes += 1;
    if (before && !sameSecret(before, after)) this.forget(id);
  }

  async onResync(): Promise<void> {
    const rows = await this.unitOfWork.asSystem((tx) => this.repository.all(tx));
    const before = this.credentials;
    this.credentials = new Map(rows.map((row) => [row.id, inMemory(row)]));
    this.changes += 1;
    for (const [id, credential] of before) if (!sameSecret(credential, this.credentials.get(id))) this.forget(id);
  }
}

/** Whether both open to one secret that may still be used. A re-wrap changes nothing about that. */
export function sameSecret(before: SealedCredential, after: SealedCredential | null | undefined): boolean {
  if (!after || !after.summary.active || before.version !== after.version) return false;
  return before.summary.organisationId === after.summary.organisationId && before.sealed.ciphertext.equals(after.sealed.ciphertext);
}

function inMemory(row: CredentialRow): SealedCredential {
  const { id, organisationId, provider, baseUrl, status, version, formatVersion, kmsKeyId, wrappedKey, ciphertext } = row;
  return {
    summary: { id, organisationId, provider, baseUrl, active: status === 'active' },
    version,
    sealed: { formatVersion, kmsKeyId, wrappedKey, ciphertext },
  };
}
