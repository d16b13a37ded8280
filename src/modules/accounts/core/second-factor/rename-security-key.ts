import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import type { WebauthnCredentialId } from '../../data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';
import { secondFactorErrors } from '../../second-factor.errors.js';

/** Gives a security key the name its owner tells it by. */
@Injectable()
export class RenameSecurityKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: WebauthnCredentialsRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `second_factors/not_found`. */
  run(accountId: AccountId, id: WebauthnCredentialId, name: string): Promise<void> {
    return this.unitOfWork.asSystem(async (tx) => {
      if (!(await this.credentials.rename(tx, accountId, id, name))) throw secondFactorErrors.not_found();
      await this.audit.record(tx, {
        actor: { kind: 'account', id: accountId },
        action: 'webauthn_credential.renamed',
        organisationId: null,
        target: { type: 'webauthn_credential', id },
        detail: { accountId },
      });
    });
  }
}
