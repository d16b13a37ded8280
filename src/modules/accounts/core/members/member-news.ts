import { Injectable } from '@nestjs/common';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../../../platform/http/permissions.js';
import { type MessageKind, Mailer, Notices, type ValuesOf } from '../../../notifications/notifications.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { People, type Reachable } from './people.js';

/** Tells members by mail and inside the product what has become of their membership, with the change that it tells of. */
@Injectable()
export class MemberNews {
  constructor(
    private readonly people: People,
    private readonly tenants: Tenants,
    private readonly mailer: Mailer,
    private readonly notices: Notices,
  ) {}

  /** Whom to tell, read before the change that it is about. */
  reach(ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Reachable>> {
    return this.people.reach(ids);
  }

  async roleChanged(tx: Tx, person: Reachable | undefined, organisationId: OrganisationId, role: OrganisationRole): Promise<void> {
    await this.tell(tx, 'role_changed', person, { organisation: await this.nameOf(tx, organisationId), role });
  }

  async removed(tx: Tx, person: Reachable | undefined, organisationId: OrganisationId): Promise<void> {
    await this.tell(tx, 'member_removed', person, { organisation: await this.nameOf(tx, organisationId) });
  }

  /** To whom it is offered; they find it under the organisation. */
  async ownershipOffered(tx: Tx, person: Reachable | undefined, organisationId: OrganisationId, days: number): Promise<void> {
    await this.tell(tx, 'ownership_offered', person, { organisation: await this.nameOf(tx, organisationId), days });
  }

  /** Both who had it and who has it now, and the organisation's programs. */
  async ownershipTransferred(tx: Tx, people: readonly (Reachable | undefined)[], organisationId: OrganisationId): Promise<void> {
    const organisation = await this.nameOf(tx, organisationId);
    for (const person of people) await this.tell(tx, 'ownership_transferred', person, { organisation });
    await this.notices.tellOrganisation(tx, organisationId, 'ownership_transferred', {});
  }

  private async tell<K extends MessageKind>(tx: Tx, kind: K, person: Reachable | undefined, values: ValuesOf<K>): Promise<void> {
    if (person === undefined) return;
    const { accountId, email, locale } = person;
    if (email !== null) await this.mailer.send(tx, kind, { accountId, email, locale }, values);
    await this.notices.tellAccount(tx, accountId, kind, values);
  }

  private async nameOf(tx: Tx, organisationId: OrganisationId): Promise<string> {
    return (await this.tenants.findOrganisation(tx, organisationId))?.name ?? '';
  }
}
