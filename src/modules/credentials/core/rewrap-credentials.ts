import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { CredentialId } from '../../../kernel/ids.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { RewrapRows, type SealedRows } from '../../../platform/kms/rewrap-rows.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { RewrapReport } from '../credentials.contract.js';
import type { CredentialRow } from '../data/provider-credential.entity.js';
import { AuditedCredentials } from './audited-credentials.js';
import { rewrapEnvelope } from './envelope.js';

const ACTOR: AuditActor = { kind: 'system', id: 'rewrap-credentials' };

/** Follows a rotation of the root key with credentials (K3). */
@Injectable()
export class RewrapCredentials {
  private readonly rows: SealedRows<CredentialRow, CredentialId>;

  constructor(
    private readonly rewrapping: RewrapRows,
    credentials: AuditedCredentials,
    kms: KeyManagementService,
    log: Log,
  ) {
    this.rows = {
      idOf: ({ id }) => id,
      due: (tx, kmsKeyId, after, limit) => credentials.wrappedOtherwise(tx, kmsKeyId, { after, limit }),
      rewrap: (credential, signal) => {
        const { organisationId, id, version } = credential;
        return rewrapEnvelope(kms, credential, { organisationId, credentialId: id, version }, signal);
      },
      store: (tx, credential, wrapped) => credentials.replaceWrappedKey(tx, ACTOR, credential, wrapped),
      isUnreadable: (error, { id, organisationId }) => {
        if (!(error instanceof AppError) || error.code !== 'credentials/secret_unreadable') return false;
        const what = { component: 'credentials', credentialId: id, organisationId, err: error } as const;
        log.error('a credential could not be re-wrapped because its secret does not open', what);
        return true;
      },
    };
  }

  /** Goes on past secrets that cannot be opened. Raises `kms/*` when the key management service itself fails. */
  run(signal?: AbortSignal): Promise<RewrapReport> {
    return this.rewrapping.run(this.rows, signal);
  }
}
