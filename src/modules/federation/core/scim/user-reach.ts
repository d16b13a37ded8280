import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Accounts } from '../../../accounts/accounts.contract.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Memberships, type MembershipSource } from '../../../tenants/tenants.contract.js';
import type { GroupRole } from '../../data/scim-group.entity.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';

/** Who is in no group with a role may look and nothing else. */
const ROLE_WITHOUT_GROUP: GroupRole = 'viewer';
/** Of several roles the first of these counts. */
const PRECEDENCE: readonly GroupRole[] = ['admin', 'developer', 'billing', 'privacy_officer', 'viewer'];

/** What an identity provider has made, it also changes. */
const FROM_DIRECTORIES: ReadonlySet<MembershipSource> = new Set(['scim', 'sso']);

type Reached = Pick<ScimUserRow, 'id' | 'organisationId' | 'accountId' | 'active'>;

/** Brings what a person can reach here in line with what their directory says. Every transaction must be a system one. */
@Injectable()
export class UserReach {
  constructor(
    private readonly users: ScimUsersRepository,
    private readonly memberships: Memberships,
    private readonly accounts: Accounts,
    private readonly clock: Clock,
  ) {}

  /**
   * An active user is a member, with the role their groups say; any other is none, from the next request of any session on. A role that people
   * gave, by invitation or by founding the organisation, stays as it is. Raises `tenants/last_owner`.
   */
  async settle(tx: Tx, user: Reached, actor: AuditActor): Promise<void> {
    if (user.active) await this.admit(tx, user, actor);
    else await this.end(tx, user, actor);
  }

  /** Ends what the directory has given, as for a user who is not active. Raises `tenants/last_owner`. */
  async end(tx: Tx, { organisationId, accountId }: Reached, actor: AuditActor): Promise<void> {
    const member = await this.memberships.find(tx, organisationId, accountId);
    if (member !== null) await this.memberships.remove(tx, { organisationId, accountId }, actor);
    await this.blockOwn(tx, organisationId, accountId, actor);
  }

  private async admit(tx: Tx, user: Reached, actor: AuditActor): Promise<void> {
    const { organisationId, accountId } = user;
    await this.releaseOwn(tx, organisationId, accountId, actor);
    const roles = await this.users.groupRoles(tx, organisationId, user.id);
    const role = PRECEDENCE.find((candidate) => roles.includes(candidate)) ?? ROLE_WITHOUT_GROUP;
    const member = await this.memberships.find(tx, organisationId, accountId);
    if (member === null) await this.memberships.add(tx, { organisationId, accountId, role, source: 'scim' }, actor);
    else if (FROM_DIRECTORIES.has(member.source) && member.role !== 'owner') {
      await this.memberships.changeRole(tx, { organisationId, accountId, role }, actor);
    }
  }

  /** Only an account this directory has made, and only while it belongs nowhere else: any other is not the organisation's to block. */
  private async blockOwn(tx: Tx, organisationId: OrganisationId, accountId: AccountId, actor: AuditActor): Promise<void> {
    const made = await this.users.findMade(tx, accountId);
    if (made?.organisationId !== organisationId) return;
    const elsewhere = await this.memberships.ofAccount(tx, accountId);
    const account = await this.accounts.find(tx, accountId);
    // What the operator has blocked stays the operator's to release.
    if (elsewhere.length > 0 || account?.status !== 'active') return;
    await this.accounts.changeStatus(tx, accountId, 'blocked', actor);
    await this.users.markBlocked(tx, organisationId, accountId, this.clock.now());
  }

  private async releaseOwn(tx: Tx, organisationId: OrganisationId, accountId: AccountId, actor: AuditActor): Promise<void> {
    const made = await this.users.findMade(tx, accountId);
    if (made?.organisationId !== organisationId || made.blockedAt === null) return;
    await this.accounts.changeStatus(tx, accountId, 'active', actor);
    await this.users.markBlocked(tx, organisationId, accountId, null);
  }
}
