import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ApiKeyRef } from '../auth.contract.js';
import { AuditedKeys } from './audited-keys.js';

/** Ends the overlap of a rotation before its time: every replica refuses the previous secret within a second. */
@Injectable()
export class EndPreviousSecret {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
  ) {}

  /** Raises `auth/key_not_found`. Without a previous secret it changes nothing. */
  run(ref: ApiKeyRef, actor: AuditActor): Promise<void> {
    return this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.keys.endPreviousSecret(tx, ref, actor));
  }
}
