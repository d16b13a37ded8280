import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { AuditedCredentials, type CredentialRef } from './audited-credentials.js';

/** Deletes a credential for good, its sealed secret included. */
@Injectable()
export class DeleteCredential {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: AuditedCredentials,
  ) {}

  /** Raises `credentials/not_found`, and `credentials/in_use` while a route refers to it. */
  run(actor: AuditActor, ref: CredentialRef): Promise<void> {
    return this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.credentials.remove(tx, actor, ref));
  }
}
