import { Injectable } from '@nestjs/common';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal, Principal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { Authority } from './authority.js';
import { MemberNews } from './member-news.js';

/**
 * Ends a membership, for another or for oneself. It holds on every replica from the next request on. The keys somebody made stay: they are the
 * organisation's, and the audit log says who made them.
 */
@Injectable()
export class RemoveMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly memberships: Memberships,
    private readonly authority: Authority,
    private readonly news: MemberNews,
  ) {}

  /** Raises `members/role_beyond_yours`, `tenants/member_not_found` and `tenants/last_owner`. */
  async run(member: { readonly organisationId: OrganisationId; readonly accountId: AccountId }, caller: Principal): Promise<void> {
    const { organisationId, accountId } = member;
    const people = await this.news.reach([accountId]);
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.memberships.lock(tx, member);
      await this.authority.requireOver(tx, organisationId, caller, [before.role]);
      await this.memberships.remove(tx, member, caller);
      await this.news.removed(tx, people.get(accountId), organisationId);
    });
  }

  /** Leaves, which every member may. Raises `tenants/member_not_found` and `tenants/last_owner`. */
  async leave(organisationId: OrganisationId, caller: AccountPrincipal): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, (tx) =>
      this.memberships.remove(tx, { organisationId, accountId: caller.id }, caller),
    );
  }
}
