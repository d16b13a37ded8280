import { Injectable } from '@nestjs/common';
import { ErasureLedger } from '../../../../contracts/erasure-ledger.js';
import { LegalHolds } from '../../../../contracts/legal-holds.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';

/** What the erasure ledger calls the destruction of a content key. */
export const KEY_DESTROYED = 'content_key.destroyed';

/** What a destruction has to ask before, and what it leaves for a restore to do again. */
@Injectable()
export class ErasedKeys {
  constructor(
    private readonly holds: LegalHolds,
    private readonly ledger: ErasureLedger,
  ) {}

  /** Raises `retention/held` while a legal hold covers content of the organisation. None is placed until the transaction ends. */
  async assertFree(tx: Tx, organisationId: OrganisationId): Promise<void> {
    for (const dataClass of ['payload', 'failed_input'] as const) await this.holds.assertFree(tx, { dataClass, organisationId });
  }

  async record(tx: Tx, organisationId: OrganisationId, versions: readonly number[]): Promise<void> {
    for (const version of versions) await this.ledger.record(tx, { kind: KEY_DESTROYED, subjectId: organisationId, detail: { version } });
  }
}
