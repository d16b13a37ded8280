import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { ApiKeyRef, ApiKeySummary } from '../auth.contract.js';
import type { KeyRow } from '../core/key-book.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** What the request path reads of a key; plain rows, because all keys are read at start. */
const KEY_ROW = `SELECT id, organisation_id AS "organisationId", project_id AS "projectId", secret_hash AS "secretHash", scopes,
  allowed_networks AS "allowedNetworks", expires_at AS "expiresAt", revoked_at AS "revokedAt", previous_secret_hash AS "previousHash",
  previous_expires_at AS "previousExpiresAt", blocked_at AS "blockedAt" FROM api_key`;

@Injectable()
export class ApiKeysRepository {
  async insert(tx: Tx, key: ApiKeySummary, secretHash: Buffer): Promise<void> {
    await tx.insert(ApiKeyEntity, { ...key, scopes: [...key.scopes], allowedNetworks: [...key.allowedNetworks], secretHash });
  }

  /** Those of an organisation that are neither revoked nor expired at a moment. Until the transaction ends nobody else who asks this adds one. */
  async lockAndCountLive(tx: Tx, organisationId: OrganisationId, at: Date): Promise<number> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('add api key ' || $1, 0))`, [organisationId]);
    return tx.countBy(ApiKeyEntity, [
      { organisationId, revokedAt: IsNull(), expiresAt: IsNull() },
      { organisationId, revokedAt: IsNull(), expiresAt: MoreThan(at) },
    ]);
  }

  find(tx: Tx, organisationId: OrganisationId, id: ApiKeyId): Promise<ApiKeyEntity | null> {
    return tx.findOneBy(ApiKeyEntity, { organisationId, id });
  }

  /** The row, locked until the transaction ends, so that two changes follow one another. */
  lock(tx: Tx, organisationId: OrganisationId, id: ApiKeyId): Promise<ApiKeyEntity | null> {
    return tx.findOne(ApiKeyEntity, { where: { organisationId, id }, lock: { mode: 'for_no_key_update' } });
  }

  async change(tx: Tx, key: ApiKeySummary): Promise<void> {
    const { id, organisationId, name, scopes, expiresAt, allowedNetworks } = key;
    const changed = { name, scopes: [...scopes], expiresAt, allowedNetworks: [...allowedNetworks] };
    await tx.update(ApiKeyEntity, { id, organisationId }, changed);
  }

  /** Puts a new secret in place of the present one, which stays as the previous one until `previousUntil`, or not at all. */
  async replaceSecret(
    tx: Tx,
    key: Pick<ApiKeySummary, 'id' | 'organisationId'>,
    secret: { readonly hash: Buffer; readonly hint: string },
    previousUntil: Date | null,
  ): Promise<void> {
    await tx.query(
      `UPDATE api_key SET secret_hash = $3, hint = $4, previous_expires_at = $5, previous_last_used_at = NULL,
         previous_secret_hash = CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE secret_hash END,
         previous_hint = CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE hint END
       WHERE id = $1 AND organisation_id = $2`,
      [key.id, key.organisationId, secret.hash, secret.hint, previousUntil],
    );
  }

  /** Whether there was one. */
  async dropPreviousSecret(tx: Tx, organisationId: OrganisationId, id: ApiKeyId): Promise<boolean> {
    const { affected } = await tx
      .createQueryBuilder()
      .update(ApiKeyEntity)
      .set({ previousSecretHash: null, previousHint: null, previousExpiresAt: null, previousLastUsedAt: null })
      .where('id = :id AND organisation_id = :organisationId AND previous_secret_hash IS NOT NULL', { id, organisationId })
      .execute();
    return affected === 1;
  }

  /** In the order they were made, at most `limit`. */
  list(tx: Tx, organisationId: OrganisationId, after: ApiKeyId | undefined, limit: number): Promise<ApiKeyEntity[]> {
    return tx.find(ApiKeyEntity, oldestFirst({ organisationId }, after, limit));
  }

  /** Whether this changed anything: a key is revoked once. */
  async revoke(tx: Tx, organisationId: OrganisationId, id: ApiKeyId, at: Date): Promise<boolean> {
    const { affected } = await tx
      .createQueryBuilder()
      .update(ApiKeyEntity)
      .set({ revokedAt: at })
      .where('id = :id AND organisation_id = :organisationId AND revoked_at IS NULL', { id, organisationId })
      .execute();
    return affected === 1;
  }

  /** Writes what has become of a key that was used in a way that is not its own. */
  async setBlock(
    tx: Tx,
    { organisationId, id }: ApiKeyRef,
    block: Partial<Pick<ApiKeyEntity, 'blockedAt' | 'blockedReason' | 'suspectedAt' | 'graceReason' | 'graceUntil'>>,
  ): Promise<void> {
    await tx.update(ApiKeyEntity, { id, organisationId }, block);
  }

  async findRow(tx: Tx, id: ApiKeyId): Promise<KeyRow | null> {
    const [row] = await tx.query<KeyRow[]>(`${KEY_ROW} WHERE id = $1`, [id]);
    return row ?? null;
  }

  /** By the hash of a secret, the present or the previous one. */
  findByHashes(tx: Tx, hashes: readonly Buffer[]): Promise<KeyRow[]> {
    // Not one condition with OR: each half has an index of its own.
    return tx.query(`${KEY_ROW} WHERE secret_hash = ANY($1::bytea[]) UNION ALL ${KEY_ROW} WHERE previous_secret_hash = ANY($1::bytea[])`, [
      hashes,
    ]);
  }

  /** Keys neither revoked nor expired, newest first, at most `limit`. */
  listLive(tx: Tx, page: { readonly before: ApiKeyId | undefined; readonly nowMs: number; readonly limit: number }): Promise<KeyRow[]> {
    return tx.query(
      `${KEY_ROW} WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1) AND ($2::uuid IS NULL OR id < $2)
       ORDER BY id DESC LIMIT $3`,
      [new Date(page.nowMs), page.before ?? null, page.limit],
    );
  }

  /** Moves the time of last use forward, never back: replicas write in any order. */
  async markUsed(tx: Tx, uses: ReadonlyMap<ApiKeyId, number>): Promise<void> {
    await tx.query(
      `UPDATE api_key SET last_used_at = used.at FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)
       WHERE api_key.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
      inOrder(uses),
    );
  }

  /** The same for previous secrets. One that has been dropped meanwhile is left alone. */
  async markPreviousUsed(tx: Tx, uses: ReadonlyMap<ApiKeyId, number>): Promise<void> {
    await tx.query(
      `UPDATE api_key SET previous_last_used_at = used.at FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)
       WHERE api_key.id = used.id AND previous_secret_hash IS NOT NULL AND (previous_last_used_at IS NULL OR previous_last_used_at < used.at)`,
      inOrder(uses),
    );
  }
}

/** Two lists for `unnest`, in the order of the ids: replicas that write at once lock rows in the same order. */
function inOrder(uses: ReadonlyMap<ApiKeyId, number>): [ApiKeyId[], string[]] {
  const sorted = [...uses].sort(([a], [b]) => (a < b ? -1 : 1));
  return [sorted.map(([id]) => id), sorted.map(([, atMs]) => new Date(atMs).toISOString())];
}
