import { Injectable } from '@nestjs/common';
import type { KeyAnomaly } from '../../../../contracts/key-anomaly.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary, BlockReason } from '../../auth.contract.js';
import { authErrors } from '../../auth.errors.js';
import type { ApiKeyEntity } from '../../data/api-key.entity.js';
import { ApiKeysRepository } from '../../data/api-keys.repository.js';

/** Keys as they are suspected, blocked and released, each with its audit row: a reason code, and nothing of what was seen. */
@Injectable()
export class AuditedBlocks {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly audit: AuditLog,
  ) {}

  /** The key, locked until the transaction ends; null for one that is none, or revoked. */
  async find(tx: Tx, { organisationId, id }: ApiKeyRef): Promise<ApiKeyEntity | null> {
    const key = await this.keys.lock(tx, organisationId, id);
    return key?.revokedAt === null ? key : null;
  }

  /** Raises `auth/key_not_found` and `auth/key_revoked`. */
  async require(tx: Tx, { organisationId, id }: ApiKeyRef): Promise<ApiKeyEntity> {
    const key = await this.keys.lock(tx, organisationId, id);
    if (key === null) throw authErrors.key_not_found();
    if (key.revokedAt !== null) throw authErrors.key_revoked();
    return key;
  }

  async suspect(tx: Tx, key: ApiKeyRef, { reason, at }: { reason: KeyAnomaly; at: Date }, actor: AuditActor): Promise<void> {
    await this.keys.setBlock(tx, key, { suspectedAt: at });
    await this.record(tx, key, { actor, action: 'api_key.suspected', reason });
  }

  async block(tx: Tx, key: ApiKeyEntity, { reason, at }: { reason: BlockReason; at: Date }, actor: AuditActor): Promise<ApiKeySummary> {
    const before: ApiKeySummary = key;
    const blocked = { blockedAt: at, blockedReason: reason };
    await this.keys.setBlock(tx, key, blocked);
    await this.record(tx, key, { actor, action: 'api_key.blocked', reason });
    return { ...before, ...blocked };
  }

  /** `graceUntil`: until when the same does not block it again. */
  async release(tx: Tx, key: ApiKeyEntity, graceUntil: Date, actor: AuditActor): Promise<ApiKeySummary> {
    const before: ApiKeySummary = key;
    const reason = before.blockedReason;
    if (reason === null) return before;
    const grace = reason === 'operator' ? {} : { graceReason: reason, graceUntil };
    const released = { blockedAt: null, blockedReason: null, ...grace };
    await this.keys.setBlock(tx, key, released);
    await this.record(tx, key, { actor, action: 'api_key.released', reason });
    return { ...before, ...released };
  }

  private record(
    tx: Tx,
    { organisationId, id }: ApiKeyRef,
    act: { readonly actor: AuditActor; readonly action: `api_key.${string}`; readonly reason: BlockReason },
  ): Promise<void> {
    const { actor, action, reason } = act;
    return this.audit.record(tx, { actor, action, organisationId, target: { type: 'api_key', id }, detail: { reason } });
  }
}
