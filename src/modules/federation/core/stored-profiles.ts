import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { ExternalIdentitiesRepository } from '../data/external-identities.repository.js';
import { ExternalProfiles } from '../federation.contract.js';

/** {@link ExternalProfiles}, read from the rows every time: whoever stops being a VIP stops at the next question. */
@Injectable()
export class StoredProfiles extends ExternalProfiles {
  constructor(private readonly identities: ExternalIdentitiesRepository) {
    super();
  }

  override isVip(tx: Tx, accountId: AccountId): Promise<boolean> {
    return this.identities.isVip(tx, accountId);
  }
}
