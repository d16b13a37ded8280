import { Injectable } from '@nestjs/common';
import { OrganisationPeople, type ReachableOrganisation, type ReachablePerson } from '../../../../contracts/organisation-people.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import { Memberships, Tenants } from '../../../tenants/tenants.contract.js';
import { AccountsRepository } from '../../data/accounts.repository.js';

const PAGE = 200;

/** {@link OrganisationPeople}: members whose address is proven. A blocked account is written to as well: it may be blocked by mistake. */
@Injectable()
export class ReachableMembers extends OrganisationPeople {
  constructor(
    private readonly tenants: Tenants,
    private readonly memberships: Memberships,
    private readonly accounts: AccountsRepository,
  ) {
    super();
  }

  override async reach(
    tx: Tx,
    organisationId: OrganisationId,
    roles: readonly OrganisationRole[],
    limit: number,
  ): Promise<ReachableOrganisation | null> {
    const organisation = await this.tenants.findOrganisation(tx, organisationId);
    if (organisation === null) return null;
    const people: ReachablePerson[] = [];
    for (let after: AccountId | undefined; people.length < limit; ) {
      const page = await this.memberships.list(tx, organisationId, after, PAGE);
      const wanted = page.filter(({ role }) => roles.includes(role)).map(({ accountId }) => accountId);
      people.push(...(await this.addressesOf(tx, wanted)));
      if (page.length < PAGE) break;
      after = page.at(-1)?.accountId;
    }
    return { name: organisation.name, people: people.slice(0, limit) };
  }

  private async addressesOf(tx: Tx, ids: readonly AccountId[]): Promise<ReachablePerson[]> {
    const accounts = await this.accounts.findAmong(tx, ids);
    return accounts.flatMap(({ id, email, emailVerifiedAt, locale }) =>
      email === null || emailVerifiedAt === null ? [] : [{ accountId: id, email, locale }],
    );
  }
}
