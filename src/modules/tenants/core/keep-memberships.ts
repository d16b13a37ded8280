import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { AccountId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../audit/audit.contract.js';
import { MembershipsRepository } from '../data/memberships.repository.js';
import { type AccessPolicy, type Membership, Memberships } from '../tenants.contract.js';
import { tenantsErrors } from '../tenants.errors.js';

type Member = Pick<Membership, 'organisationId' | 'accountId'>;

/**
 * {@link Memberships}. Whoever changes or ends a membership holds the organisation's row until the transaction ends, so that of two owners who go at the
 * same moment the second is refused; a trigger of the table keeps the same rule for whatever might come past this.
 */
@Injectable()
export class KeepMemberships extends Memberships {
  constructor(
    private readonly memberships: MembershipsRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {
    super();
  }

  override ofAccount(tx: Tx, accountId: AccountId): Promise<readonly (Membership & AccessPolicy)[]> {
    return this.memberships.ofAccount(tx, accountId);
  }

  override find(tx: Tx, organisationId: OrganisationId, accountId: AccountId): Promise<Membership | null> {
    return this.memberships.find(tx, organisationId, accountId);
  }

  override async lock(tx: Tx, { organisationId, accountId }: Member): Promise<Membership> {
    await this.memberships.lockOwnership(tx, organisationId);
    const membership = await this.memberships.find(tx, organisationId, accountId);
    if (membership === null) throw tenantsErrors.member_not_found();
    return membership;
  }

  override list(tx: Tx, organisationId: OrganisationId, after: AccountId | undefined, limit: number): Promise<readonly Membership[]> {
    return this.memberships.list(tx, organisationId, after, limit);
  }

  override async add(tx: Tx, membership: Omit<Membership, 'createdAt'>, actor: AuditActor): Promise<void> {
    const { organisationId, accountId, role, source } = membership;
    // Asked first, because a refused insert would cost the caller the whole transaction; the key of the table decides between two at once.
    if ((await this.memberships.find(tx, organisationId, accountId)) !== null) throw tenantsErrors.already_member();
    await this.memberships.insert(tx, { organisationId, accountId, role, source, createdAt: this.clock.now() });
    await this.record(tx, membership, actor, { action: 'member.added', detail: { role, source } });
  }

  override async changeRole(tx: Tx, member: Member & Pick<Membership, 'role'>, actor: AuditActor): Promise<void> {
    const { role } = member;
    const before = await this.lock(tx, member);
    if (before.role === role) return;
    if (before.role === 'owner') await this.requireAnotherOwner(tx, member);
    await this.memberships.changeRole(tx, member, this.clock.now());
    await this.record(tx, member, actor, { action: 'member.role_changed', detail: { from: before.role, to: role } });
  }

  override async remove(tx: Tx, member: Member, actor: AuditActor): Promise<void> {
    const before = await this.lock(tx, member);
    if (before.role === 'owner') await this.requireAnotherOwner(tx, member);
    await this.memberships.remove(tx, member);
    await this.record(tx, member, actor, { action: 'member.removed', detail: { role: before.role } });
  }

  private async requireAnotherOwner(tx: Tx, { organisationId }: Member): Promise<void> {
    if ((await this.memberships.countOwners(tx, organisationId)) < 2) throw tenantsErrors.last_owner();
  }

  private async record(
    tx: Tx,
    { organisationId, accountId }: Member,
    actor: AuditActor,
    act: { readonly action: `member.${string}`; readonly detail: Readonly<Record<string, string>> },
  ): Promise<void> {
    await this.audit.record(tx, { ...act, actor, organisationId, target: { type: 'account', id: accountId } });
  }
}
