import { Injectable } from '@nestjs/common';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { Authority } from './authority.js';
import { MemberNews } from './member-news.js';

/** Gives a member another role. It holds on every replica from their next request on. */
@Injectable()
export class ChangeMemberRole {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly memberships: Memberships,
    private readonly authority: Authority,
    private readonly news: MemberNews,
  ) {}

  /** Raises `members/role_beyond_yours`, `tenants/member_not_found` and `tenants/last_owner`. To the role already held it writes nothing. */
  async run(
    member: { readonly organisationId: OrganisationId; readonly accountId: AccountId },
    role: OrganisationRole,
    caller: Principal,
  ): Promise<void> {
    const { organisationId, accountId } = member;
    const people = await this.news.reach([accountId]);
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.memberships.lock(tx, member);
      await this.authority.requireOver(tx, organisationId, caller, [before.role, role]);
      await this.memberships.changeRole(tx, { ...member, role }, caller);
      if (before.role === role) return;
      await this.news.roleChanged(tx, people.get(accountId), organisationId, role);
    });
  }
}
