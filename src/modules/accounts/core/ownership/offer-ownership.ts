import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { OwnershipOffer } from '../../data/members/ownership-offer.entity.js';
import { membersErrors } from '../../members.errors.js';
import { MemberNews } from '../members/member-news.js';
import { AuditedOffers, OFFER_DAYS } from './audited-offers.js';

/** An owner offers the ownership to another member. Nothing changes until that one takes it. */
@Injectable()
export class OfferOwnership {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly offers: AuditedOffers,
    private readonly memberships: Memberships,
    private readonly news: MemberNews,
  ) {}

  /** Raises `http/forbidden`, `members/not_for_yourself`, `members/offer_exists`, and `lethe/invalid_request` for somebody who is no member. */
  async run(organisationId: OrganisationId, toAccountId: AccountId, owner: AccountPrincipal): Promise<OwnershipOffer> {
    const people = await this.news.reach([toAccountId]);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const from = await this.memberships.find(tx, organisationId, owner.id);
      const to = await this.memberships.find(tx, organisationId, toAccountId);
      if (from?.role !== 'owner') throw httpErrors.forbidden();
      if (to === null) throw invalidRequest([{ field: 'accountId', message: 'must be a member of the organisation' }]);
      if (to.role === 'owner') throw membersErrors.not_for_yourself();
      const offer = await this.offers.add(tx, { organisationId, fromAccountId: owner.id, toAccountId });
      await this.news.ownershipOffered(tx, people.get(toAccountId), organisationId, OFFER_DAYS);
      return offer;
    });
  }
}
