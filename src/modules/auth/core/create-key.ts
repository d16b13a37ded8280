import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type ApiKeyId, newId } from '../../../kernel/ids.js';
import { hashSecret } from '../../../kernel/secrets.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { ApiKeySummary, NewApiKey } from '../auth.contract.js';
import { AuditedKeys } from './audited-keys.js';
import { checkedKeyFields } from './checked-key-fields.js';
import { API_KEY_PREFIX, hintOf, issueSecret } from './secret-format.js';

/** Makes an API key. Its secret leaves this function once and is kept as its hash (K4). */
@Injectable()
export class CreateKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/project_not_found`, `auth/too_many_keys` and `lethe/invalid_request`. */
  async run(command: NewApiKey, actor: AuditActor): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    const { organisationId, projectId, name, expiresAt } = command;
    const now = this.clock.now();
    const { scopes, allowedNetworks } = checkedKeyFields(command, now);
    const secret = issueSecret(API_KEY_PREFIX);
    const key: ApiKeySummary = {
      id: newId<ApiKeyId>(),
      organisationId,
      projectId,
      name,
      hint: hintOf(secret),
      scopes,
      allowedNetworks,
      createdAt: now,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      previousHint: null,
      previousExpiresAt: null,
      previousLastUsedAt: null,
      blockedAt: null,
      blockedReason: null,
    };
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireProject(tx, organisationId, projectId);
      await this.keys.add(tx, key, hashSecret(secret), actor);
    });
    return { key, secret };
  }
}
