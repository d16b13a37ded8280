import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Memberships } from '../../../tenants/tenants.contract.js';

/** Who must have a second factor: whoever belongs to an organisation that demands one of its members (A1). */
@Injectable()
export class SecondFactorDemand {
  constructor(private readonly memberships: Memberships) {}

  async appliesTo(tx: Tx, accountId: AccountId): Promise<boolean> {
    const held = await this.memberships.ofAccount(tx, accountId);
    return held.some(({ secondFactorRequired }) => secondFactorRequired);
  }
}
