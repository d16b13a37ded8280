import { Injectable } from '@nestjs/common';
import { type CoveringHold, type DeletionScope, LegalHolds } from '../../../../contracts/legal-holds.js';
import { assert } from '../../../../kernel/assert.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { LegalHoldsRepository } from '../../data/legal-holds.repository.js';
import { retentionErrors } from '../../retention.errors.js';

/** {@link LegalHolds} as they stand in the database at that moment. */
@Injectable()
export class CommittedLegalHolds extends LegalHolds {
  constructor(private readonly holds: LegalHoldsRepository) {
    super();
  }

  override covering(tx: Tx, scope: DeletionScope): Promise<readonly CoveringHold[]> {
    assert(scope.organisationId !== undefined || scope.accountId !== undefined, 'a deletion names an organisation or an account');
    return this.holds.covering(tx, scope);
  }

  override async assertFree(tx: Tx, scope: DeletionScope): Promise<void> {
    const holds = await this.covering(tx, scope);
    if (holds.length > 0) throw retentionErrors.held({ details: { matters: holds.map(({ matter }) => matter) } });
  }
}
