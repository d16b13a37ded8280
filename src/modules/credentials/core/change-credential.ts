import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../kernel/errors.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { CredentialView } from '../credentials.contract.js';
import { AuditedCredentials, type CredentialRef } from './audited-credentials.js';
import { toCredentialView } from './credential-view.js';

export interface CredentialChange {
  readonly name?: string | undefined;
  /** `disabled`: routes leave the credential out and it is no longer opened, until it is `active` again. */
  readonly status?: 'active' | 'disabled' | undefined;
}

/**
 * Renames, disables or enables a credential. Its provider and base URL stay for life: a secret sent to another address than it was
 * given for would be a secret handed over.
 */
@Injectable()
export class ChangeCredential {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: AuditedCredentials,
  ) {}

  /** Raises `credentials/not_found`, `credentials/name_taken` and a 400 when there is nothing to change. */
  run(actor: AuditActor, ref: CredentialRef, { name, status }: CredentialChange): Promise<CredentialView> {
    const change = { ...(name === undefined ? {} : { name: name.trim() }), ...(status === undefined ? {} : { status }) };
    if (Object.keys(change).length === 0) throw invalidRequest([{ field: 'body', message: 'must have a name or a status' }]);
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) =>
      toCredentialView(await this.credentials.change(tx, actor, ref, change)),
    );
  }
}
