import { Injectable } from '@nestjs/common';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import type { ApiKeySummary } from '../auth.contract.js';
import { authErrors } from '../auth.errors.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';

/** Changes to API keys, each with its audit row in the same transaction. */
@Injectable()
export class AuditedKeys {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly audit: AuditLog,
  ) {}

  async add(tx: Tx, key: ApiKeySummary, secretHash: Buffer, actor: AuditActor): Promise<void> {
    const { id, organisationId, projectId, scopes, expiresAt, allowedNetworks } = key;
    await this.keys.insert(tx, key, secretHash);
    await this.audit.record(tx, {
      actor,
      action: 'api_key.created',
      organisationId,
      target: { type: 'api_key', id },
      detail: { projectId, scopes, expiresAt: expiresAt?.toISOString() ?? null, allowedNetworks: allowedNetworks.length },
    });
  }

  /** Revoking twice changes nothing and is recorded once. Raises `auth/key_not_found`. */
  async revoke(
    tx: Tx,
    key: { readonly organisationId: OrganisationId; readonly id: ApiKeyId },
    at: Date,
    actor: AuditActor,
  ): Promise<void> {
    const { organisationId, id } = key;
    const revoked = await this.keys.revoke(tx, organisationId, id, at);
    if (revoked) await this.audit.record(tx, { actor, action: 'api_key.revoked', organisationId, target: { type: 'api_key', id } });
    else if ((await this.keys.find(tx, organisationId, id)) === null) throw authErrors.key_not_found();
  }
}
