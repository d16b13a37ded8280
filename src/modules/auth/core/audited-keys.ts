import { Injectable } from '@nestjs/common';
import { hashSecret } from '../../../kernel/secrets.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';
import { KeyCountriesRepository } from '../data/key-countries.repository.js';
import { hintOf } from './secret-format.js';

const CHANGEABLE = ['name', 'scopes', 'expiresAt', 'allowedNetworks'] as const satisfies readonly (keyof ApiKeySummary)[];

/** Every replica holds all keys in memory, and one organisation must not push those of the others out. */
const MOST_LIVE_KEYS = 5_000;

/** Changes to API keys, each with its audit row in the same transaction. */
@Injectable()
export class AuditedKeys {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly audit: AuditLog,
    private readonly countries: KeyCountriesRepository,
  ) {}

  /** Raises `auth/too_many_keys`. */
  async add(tx: Tx, key: ApiKeySummary, secretHash: Buffer, actor: AuditActor): Promise<void> {
    const { id, organisationId, projectId, scopes, expiresAt, allowedNetworks } = key;
    const live = await this.keys.lockAndCountLive(tx, organisationId, key.createdAt);
    if (live >= MOST_LIVE_KEYS) throw authErrors.too_many_keys({ details: { limit: MOST_LIVE_KEYS } });
    await this.keys.insert(tx, key, secretHash);
    await this.audit.record(tx, {
      actor,
      action: 'api_key.created',
      organisationId,
      target: { type: 'api_key', id },
      detail: { projectId, scopes, expiresAt: expiresAt?.toISOString() ?? null, allowedNetworks: allowedNetworks.length },
    });
  }

  /** The key, locked until the transaction ends. Raises `auth/key_not_found` and `auth/key_revoked`. */
  async lock(tx: Tx, { organisationId, id }: ApiKeyRef): Promise<ApiKeySummary> {
    const key = await this.keys.lock(tx, organisationId, id);
    if (key === null) throw authErrors.key_not_found();
    if (key.revokedAt !== null) throw authErrors.key_revoked();
    return key;
  }

  /** A change to what already is writes nothing. */
  async change(tx: Tx, before: ApiKeySummary, after: ApiKeySummary, actor: AuditActor): Promise<ApiKeySummary> {
    const fields = CHANGEABLE.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
    if (fields.length === 0) return before;
    const { id, organisationId, scopes, expiresAt, allowedNetworks } = after;
    await this.keys.change(tx, after);
    await this.audit.record(tx, {
      actor,
      action: 'api_key.changed',
      organisationId,
      target: { type: 'api_key', id },
      detail: { fields, scopes, expiresAt: expiresAt?.toISOString() ?? null, allowedNetworks: allowedNetworks.length },
    });
    return after;
  }

  /** `previousUntil`: until when the present secret goes on; null ends it now. */
  async replaceSecret(
    tx: Tx,
    key: ApiKeySummary,
    next: { readonly secret: string; readonly previousUntil: Date | null },
    actor: AuditActor,
  ): Promise<ApiKeySummary> {
    const { id, organisationId } = key;
    const { secret, previousUntil } = next;
    const hint = hintOf(secret);
    await this.keys.replaceSecret(tx, key, { hash: hashSecret(secret), hint }, previousUntil);
    await this.audit.record(tx, {
      actor,
      action: 'api_key.rotated',
      organisationId,
      target: { type: 'api_key', id },
      detail: { previousValidUntil: previousUntil?.toISOString() ?? null },
    });
    const previousHint = previousUntil === null ? null : key.hint;
    return { ...key, hint, previousHint, previousExpiresAt: previousUntil, previousLastUsedAt: null };
  }

  /** Raises `auth/key_not_found`. */
  async endPreviousSecret(tx: Tx, { organisationId, id }: ApiKeyRef, actor: AuditActor): Promise<void> {
    const ended = await this.keys.dropPreviousSecret(tx, organisationId, id);
    const target = { type: 'api_key', id } as const;
    if (ended) await this.audit.record(tx, { actor, action: 'api_key.previous_secret_ended', organisationId, target });
    else if ((await this.keys.find(tx, organisationId, id)) === null) throw authErrors.key_not_found();
  }

  /** Where it was used from is forgotten. Revoking twice changes nothing and is recorded once. Raises `auth/key_not_found`. */
  async revoke(tx: Tx, key: ApiKeyRef, at: Date, actor: AuditActor): Promise<void> {
    const { organisationId, id } = key;
    const revoked = await this.keys.revoke(tx, organisationId, id, at);
    if (revoked) {
      await this.countries.forget(tx, key);
      await this.audit.record(tx, { actor, action: 'api_key.revoked', organisationId, target: { type: 'api_key', id } });
    } else if ((await this.keys.find(tx, organisationId, id)) === null) throw authErrors.key_not_found();
  }
}
