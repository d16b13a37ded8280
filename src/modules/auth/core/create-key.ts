import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import { type ApiKeyId, newId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SERVICE_KEY_SCOPES } from '../../../platform/http/permissions.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import type { ApiKeySummary, NewApiKey } from '../auth.contract.js';
import { canonicalNetwork } from './allowed-networks.js';
import { AuditedKeys } from './audited-keys.js';
import { API_KEY_PREFIX, hashSecret, hintOf, issueSecret } from './secret-format.js';

/** Makes an API key. Its secret leaves this function once and is kept as its hash (K4). */
@Injectable()
export class CreateKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/project_not_found` and `lethe/invalid_request`. */
  async run(command: NewApiKey, actor: AuditActor): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    const { organisationId, projectId, name, expiresAt } = command;
    const now = this.clock.now();
    const scopes = [...new Set(command.scopes)].sort();
    const networks = command.allowedNetworks.map(canonicalNetwork);
    const errors = [...scopeErrors(scopes), ...expiryErrors(expiresAt, now), ...networkErrors(networks)];
    if (errors.length > 0) throw invalidRequest(errors);
    const secret = issueSecret(API_KEY_PREFIX);
    const key: ApiKeySummary = {
      id: newId<ApiKeyId>(),
      organisationId,
      projectId,
      name,
      hint: hintOf(secret),
      scopes,
      allowedNetworks: [...new Set(networks.filter((network) => network !== undefined))],
      createdAt: now,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
    };
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireProject(tx, organisationId, projectId);
      await this.keys.add(tx, key, hashSecret(secret), actor);
    });
    return { key, secret };
  }
}

function scopeErrors(scopes: readonly string[]): FieldError[] {
  const known: readonly string[] = SERVICE_KEY_SCOPES;
  const valid = scopes.length > 0 && scopes.every((scope) => known.includes(scope));
  return valid ? [] : [{ field: 'scopes', message: `must be one or more of ${known.join(', ')}` }];
}

function expiryErrors(expiresAt: Date | null, now: Date): FieldError[] {
  return expiresAt === null || expiresAt > now ? [] : [{ field: 'expiresAt', message: 'must lie in the future' }];
}

function networkErrors(networks: readonly (string | undefined)[]): FieldError[] {
  return networks.flatMap((network, index) =>
    network === undefined
      ? [{ field: `allowedNetworks[${index}]`, message: 'must be an address or a CIDR block, such as "10.0.0.0/8" or "2001:db8::/32"' }]
      : [],
  );
}
