import { Injectable } from '@nestjs/common';
import { kernelErrors } from '../../../../kernel/errors.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type Membership, Memberships, Tenants } from '../../../tenants/tenants.contract.js';
import { AccountsRepository } from '../../data/accounts.repository.js';

/** A member as the other members see them: no more of the person than tells them apart. */
export interface Member extends Membership {
  readonly displayName: string | null;
  readonly username: string | null;
  /** Null unless proven. */
  readonly email: string | null;
}

@Injectable()
export class ReadMembers {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly memberships: Memberships,
    private readonly tenants: Tenants,
    private readonly accounts: AccountsRepository,
  ) {}

  /** In the order of their accounts. Raises `tenants/organisation_not_found`. */
  async list(organisationId: OrganisationId, after: AccountId | undefined, limit: number): Promise<Member[]> {
    const found = await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.memberships.list(tx, organisationId, after, limit);
    });
    return this.named(found);
  }

  /** Raises `lethe/not_found`. */
  async one(organisationId: OrganisationId, accountId: AccountId): Promise<Member> {
    const found = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.memberships.find(tx, organisationId, accountId));
    const [member] = found === null ? [] : await this.named([found]);
    if (member === undefined) throw kernelErrors.not_found();
    return member;
  }

  /** Who belongs to the organisation is asked inside it; only the names of those are read outside, where accounts are. */
  private async named(memberships: readonly Membership[]): Promise<Member[]> {
    if (memberships.length === 0) return [];
    const ids = memberships.map(({ accountId }) => accountId);
    const accounts = await this.unitOfWork.asSystem((tx) => this.accounts.findAmong(tx, ids));
    const byId = new Map(accounts.map((account) => [account.id, account]));
    return memberships.flatMap((membership) => {
      const account = byId.get(membership.accountId);
      if (account === undefined) return [];
      const { displayName, username, emailVerifiedAt } = account;
      return [{ ...membership, displayName, username, email: emailVerifiedAt === null ? null : account.email }];
    });
  }
}
