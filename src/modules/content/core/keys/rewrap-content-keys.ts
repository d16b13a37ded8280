import { Injectable } from '@nestjs/common';
import { AppError } from '../../../../kernel/errors.js';
import type { ContentKeyId } from '../../../../kernel/ids.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { ContentKeyFacts } from '../../data/content-key.entity.js';
import { ContentKeyDesk } from './content-key-desk.js';
import { rewrapKey } from './key-wrapping.js';

const BATCH = 20;
const ACTOR: AuditActor = { kind: 'system', id: 'rewrap-content-keys' };

/**
 * Moves content keys under the current root key (K3); what is sealed under them stays as it is. What is left to do is read from the rows, so a run
 * that was killed is resumed by the next, and two at once do no harm.
 */
@Injectable()
export class RewrapContentKeys {
  constructor(
    private readonly desk: ContentKeyDesk,
    private readonly log: Log,
  ) {}

  /** Answers how many were moved. Goes on past keys that do not open. Raises `kms/*` when the key management service itself fails. */
  async run(signal: AbortSignal): Promise<number> {
    const current = await this.desk.kms.currentKeyId(signal);
    let rewrapped = 0;
    for (let after: ContentKeyId | undefined; ; ) {
      const due = await this.desk.unitOfWork.asSystem((tx) => this.desk.keys.wrappedOtherwise(tx, current, { after, limit: BATCH }));
      for (const key of due) {
        if (signal.aborted) return rewrapped;
        if (await this.rewrapOne(key)) rewrapped += 1;
        after = key.id;
      }
      if (due.length < BATCH) return rewrapped;
    }
  }

  private async rewrapOne({ organisationId, version }: ContentKeyFacts): Promise<boolean> {
    const row = await this.desk.unitOfWork.forOrganisation(organisationId, (tx) =>
      this.desk.unitOfWork.withContent(tx, (content) => this.desk.keys.find(content, organisationId, version)),
    );
    if (!row?.wrappedKey || !row.kmsKeyId) return false;
    try {
      const wrapped = await rewrapKey(this.desk.kms, { kmsKeyId: row.kmsKeyId, blob: row.wrappedKey }, row);
      return await this.desk.unitOfWork.forOrganisation(organisationId, (tx) => this.desk.audited.replaceWrapping(tx, ACTOR, row, wrapped));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'content/unreadable') throw error;
      this.log.error('a content key could not be re-wrapped because it does not open', {
        component: 'content',
        organisationId,
        err: error,
      });
      return false;
    }
  }
}
