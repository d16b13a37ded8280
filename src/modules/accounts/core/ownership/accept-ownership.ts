import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { OwnershipOffer } from '../../data/members/ownership-offer.entity.js';
import { membersErrors } from '../../members.errors.js';
import { MemberNews } from '../members/member-news.js';
import { AuditedOffers } from './audited-offers.js';

/** The member to whom the ownership is offered takes it: they own the organisation, and whoever offered it is an admin. All of it commits, or nothing. */
@Injectable()
export class AcceptOwnership {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly offers: AuditedOffers,
    private readonly memberships: Memberships,
    private readonly news: MemberNews,
  ) {}

  /** Raises `members/offer_not_found` and `members/offer_not_valid`. */
  async run(organisationId: OrganisationId, receiver: AccountPrincipal): Promise<void> {
    const seen = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.offers.find(tx, organisationId));
    if (seen.toAccountId !== receiver.id) throw membersErrors.offer_not_found();
    const { fromAccountId, toAccountId } = seen;
    const people = await this.news.reach([fromAccountId, toAccountId]);
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      // First, because it waits for whoever else changes memberships here: removing a member takes its locks in this order too.
      await this.memberships.changeRole(tx, { organisationId, accountId: toAccountId, role: 'owner' }, receiver);
      await this.requireValid(tx, seen);
      await this.memberships.changeRole(tx, { organisationId, accountId: fromAccountId, role: 'admin' }, receiver);
      await this.offers.end(tx, seen, 'transferred', receiver.id);
      await this.news.ownershipTransferred(tx, [people.get(fromAccountId), people.get(toAccountId)], organisationId);
    });
  }

  /** The offer that was seen still stands, and whoever made it still has what they offer. */
  private async requireValid(tx: Tx, seen: OwnershipOffer): Promise<void> {
    const { organisationId, fromAccountId, toAccountId, createdAt } = seen;
    const offer = await this.offers.lock(tx, organisationId);
    const isBetweenTheSame = offer.fromAccountId === fromAccountId && offer.toAccountId === toAccountId;
    if (!isBetweenTheSame || offer.createdAt.getTime() !== createdAt.getTime()) throw membersErrors.offer_not_found();
    const from = await this.memberships.find(tx, organisationId, fromAccountId);
    if (this.offers.hasExpired(offer) || from?.role !== 'owner') throw membersErrors.offer_not_valid();
  }
}
