import { Injectable } from '@nestjs/common';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { type ApiKeyChange, type ApiKeyRef, type ApiKeySummary, KeyAdministration, type NewApiKey } from '../auth.contract.js';
import { ChangeKey } from './change-key.js';
import { CreateKey } from './create-key.js';
import { EndPreviousSecret } from './end-previous-secret.js';
import { ReadKeys } from './read-keys.js';
import { RevokeKey } from './revoke-key.js';
import { RotateKey } from './rotate-key.js';

/** API keys for the admin API, the bootstrap and the command line alike. */
@Injectable()
export class AdministerKeys extends KeyAdministration {
  constructor(
    private readonly creation: CreateKey,
    private readonly revocation: RevokeKey,
    private readonly changes: ChangeKey,
    private readonly rotation: RotateKey,
    private readonly overlap: EndPreviousSecret,
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

  override changeKey(key: ApiKeyRef, change: ApiKeyChange, actor: AuditActor): Promise<ApiKeySummary> {
    return this.changes.run(key, change, actor);
  }

  override rotateKey(
    key: ApiKeyRef,
    previousUntil: Date | null,
    actor: AuditActor,
  ): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    return this.rotation.run(key, previousUntil, actor);
  }

  override endPreviousSecret(key: ApiKeyRef, actor: AuditActor): Promise<void> {
    return this.overlap.run(key, actor);
  }

  override revokeKey(organisationId: OrganisationId, id: ApiKeyId, actor: AuditActor): Promise<void> {
    return this.revocation.run(organisationId, id, actor);
  }
}
