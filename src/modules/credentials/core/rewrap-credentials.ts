import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { CredentialId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { RewrapReport } from '../credentials.contract.js';
import type { CredentialRow } from '../data/provider-credential.entity.js';
import { AuditedCredentials } from './audited-credentials.js';
import { rewrapEnvelope } from './envelope.js';

const BATCH = 20;
const ACTOR: AuditActor = { kind: 'system', id: 'rewrap-credentials' };

/**
 * Moves data keys under the current root key (K3). What is left to do is read from the rows, so a run that was killed is resumed by
 * the next, and two at once do no harm: each write names the seal it replaces and comes to nothing once that has moved on.
 */
@Injectable()
export class RewrapCredentials {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: AuditedCredentials,
    private readonly kms: KeyManagementService,
    private readonly log: Log,
  ) {}

  /** Goes on past secrets that cannot be opened. Raises `kms/*` when the key management service itself fails. */
  async run(signal?: AbortSignal): Promise<RewrapReport> {
    const report = { rewrapped: 0, overtaken: 0, unreadable: 0 };
    const current = await this.kms.currentKeyId(signal);
    let after: CredentialId | undefined;
    for (;;) {
      const due = await this.unitOfWork.asSystem((tx) => this.credentials.wrappedOtherwise(tx, current, { after, limit: BATCH }));
      for (const credential of due) {
        if (signal?.aborted) return report;
        report[await this.rewrapOne(credential, signal)] += 1;
        after = credential.id;
      }
      if (due.length < BATCH) return report;
    }
  }

  private async rewrapOne(credential: CredentialRow, signal: AbortSignal | undefined): Promise<keyof RewrapReport> {
    const { organisationId, id, version } = credential;
    try {
      const { kmsKeyId, wrappedKey } = await rewrapEnvelope(this.kms, credential, { organisationId, credentialId: id, version }, signal);
      const replaced = await this.unitOfWork.asSystem((tx) =>
        this.credentials.replaceWrappedKey(tx, ACTOR, credential, { kmsKeyId, wrappedKey }),
      );
      return replaced ? 'rewrapped' : 'overtaken';
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'credentials/secret_unreadable') throw error;
      this.log.error('a credential could not be re-wrapped because its secret does not open', {
        component: 'credentials',
        credentialId: id,
        organisationId,
        err: error,
      });
      return 'unreadable';
    }
  }
}
