import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { AuditedKeys } from './audited-keys.js';

/** Revokes an API key: every replica refuses it within a second (K4). Revoking twice changes nothing. */
@Injectable()
export class RevokeKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
    private readonly clock: Clock,
  ) {}

  /** Raises `auth/key_not_found`. */
  run(organisationId: OrganisationId, id: ApiKeyId, actor: AuditActor): Promise<void> {
    const key = { organisationId, id };
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.keys.revoke(tx, key, this.clock.now(), actor));
  }
}
