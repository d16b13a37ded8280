import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { SecondFactorRule } from '../../../../contracts/second-factor-rule.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AccessPolicy, type Membership, Memberships } from '../../../tenants/tenants.contract.js';

/** Who must have a second factor: whoever belongs to an organisation that demands one of its members, and whomever another module demands it of (A1). */
@Injectable()
export class SecondFactorDemand {
  private rules: readonly SecondFactorRule[] | undefined;

  constructor(
    private readonly memberships: Memberships,
    private readonly discovery: DiscoveryService,
  ) {}

  /** `memberships`: those of the account, where the caller has read them. */
  async appliesTo(tx: Tx, accountId: AccountId, memberships?: readonly (Membership & AccessPolicy)[]): Promise<boolean> {
    const held = memberships ?? (await this.memberships.ofAccount(tx, accountId));
    if (held.some(({ secondFactorRequired }) => secondFactorRequired)) return true;
    for (const rule of this.allRules()) if (await rule.demandsOf(tx, accountId)) return true;
    return false;
  }

  private allRules(): readonly SecondFactorRule[] {
    this.rules ??= this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof SecondFactorRule ? [instance] : []));
    return this.rules;
  }
}
