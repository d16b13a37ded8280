import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { CredentialView } from '../credentials.contract.js';
import { AuditedCredentials, type CredentialRef } from './audited-credentials.js';
import { toCredentialView } from './credential-view.js';
import { sealSecret } from './seal-secret.js';

/** Puts a new secret in place of the present one, as the next version of the credential. */
@Injectable()
export class RotateCredential {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: AuditedCredentials,
    private readonly kms: KeyManagementService,
  ) {}

  /**
   * Calls in flight end with the secret they hold; new ones take the new secret as soon as the change is heard of, well within a
   * second (K3). Raises `credentials/not_found`, `credentials/changed_meanwhile`, `kms/*` and a 400 for an unusable secret.
   */
  async run(actor: AuditActor, ref: CredentialRef, newSecret: string): Promise<CredentialView> {
    const { organisationId, id } = ref;
    const present = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.credentials.get(tx, ref));
    // Between two transactions, because it may ask a key management service; the version decides whether the ground held.
    const secret = await sealSecret(this.kms, newSecret, { organisationId, credentialId: id, version: present.version + 1 });
    return this.unitOfWork.forOrganisation(organisationId, async (tx) =>
      toCredentialView(await this.credentials.replaceSecret(tx, actor, present, secret)),
    );
  }
}
