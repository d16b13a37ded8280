import { Injectable } from '@nestjs/common';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { type ApiKeySummary, KeyAdministration, type NewApiKey } from '../auth.contract.js';
import { CreateKey } from './create-key.js';
import { ReadKeys } from './read-keys.js';
import { RevokeKey } from './revoke-key.js';

/** API keys for the admin API, the bootstrap and the command line alike. */
@Injectable()
export class AdministerKeys extends KeyAdministration {
  constructor(
    private readonly creation: CreateKey,
    private readonly revocation: RevokeKey,
    private readonly keys: ReadKeys,
  ) {
    super();
  }

  override createKey(command: NewApiKey, actor: AuditActor): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    return this.creation.run(command, actor);
  }

  override listKeys(organisationId: OrganisationId, after: ApiKeyId | undefined, limit: number): Promise<readonly ApiKeySummary[]> {
    return this.keys.list(organisationId, after, limit);
  }

  override readKey(organisationId: OrganisationId, id: ApiKeyId): Promise<ApiKeySummary> {
    return this.keys.one(organisationId, id);
  }

  override revokeKey(organisationId: OrganisationId, id: ApiKeyId, actor: AuditActor): Promise<void> {
    return this.revocation.run(organisationId, id, actor);
  }
}
