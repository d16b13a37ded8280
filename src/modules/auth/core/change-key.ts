import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary, NewApiKey } from '../auth.contract.js';
import { AuditedKeys } from './audited-keys.js';
import { checkedKeyFields } from './checked-key-fields.js';

/** What to change of a key; what is absent stays. */
export type ApiKeyChange = { readonly [Field in 'name' | 'scopes' | 'expiresAt' | 'allowedNetworks']?: NewApiKey[Field] | undefined };

/** Renames an API key, or changes what it may do, until when, and from where. Every replica goes by it within a second (K4). */
@Injectable()
export class ChangeKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/key_not_found`, `auth/key_revoked` and `lethe/invalid_request`. A change to what already is writes nothing. */
  run(ref: ApiKeyRef, change: ApiKeyChange, actor: AuditActor): Promise<ApiKeySummary> {
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      const before = await this.keys.lock(tx, ref);
      const wanted = {
        scopes: change.scopes ?? before.scopes,
        allowedNetworks: change.allowedNetworks ?? before.allowedNetworks,
        // An expiry that has passed and is left as it is needs no excuse.
        expiresAt: change.expiresAt ?? null,
      };
      const fields = checkedKeyFields(wanted, this.clock.now());
      const expiresAt = change.expiresAt === undefined ? before.expiresAt : change.expiresAt;
      return this.keys.change(tx, before, { ...before, ...fields, expiresAt, name: change.name ?? before.name }, actor);
    });
  }
}
