import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { OwnershipOfferEntity } from '../../data/members/ownership-offer.entity.js';
import { OwnershipOffersRepository } from '../../data/members/ownership-offers.repository.js';
import { membersErrors } from '../../members.errors.js';
import { MemberNews } from '../members/member-news.js';
import { AuditedOffers } from './audited-offers.js';

/** How long an offer stands. */
const OFFER_DAYS = 7;

/** An owner offers the ownership to another member. Nothing changes until that one takes it. */
@Injectable()
export class OfferOwnership {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly offers: OwnershipOffersRepository,
    private readonly audited: AuditedOffers,
    private readonly memberships: Memberships,
    private readonly news: MemberNews,
    private readonly clock: Clock,
  ) {}

  /** Raises `http/forbidden`, `members/not_for_yourself`, `members/offer_exists`, and `lethe/invalid_request` for somebody who is no member. */
  async run(organisationId: OrganisationId, toAccountId: AccountId, owner: AccountPrincipal): Promise<OwnershipOfferEntity> {
    const people = await this.news.reach([toAccountId]);
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + OFFER_DAYS * DAY_MS);
    const offer: OwnershipOfferEntity = { organisationId, fromAccountId: owner.id, toAccountId, createdAt: now, expiresAt };
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const [from, to] = [
        await this.memberships.find(tx, organisationId, owner.id),
        await this.memberships.find(tx, organisationId, toAccountId),
      ];
      if (from?.role !== 'owner') throw httpErrors.forbidden();
      if (to === null) throw invalidRequest([{ field: 'accountId', message: 'must be a member of the organisation' }]);
      if (to.role === 'owner') throw membersErrors.not_for_yourself();
      await this.offers.deleteExpired(tx, now, organisationId);
      if (!(await this.offers.insert(tx, offer))) throw membersErrors.offer_exists();
      await this.audited.record(tx, 'offered', offer, owner.id);
      await this.news.ownershipOffered(tx, people.get(toAccountId), organisationId, OFFER_DAYS);
      return offer;
    });
  }
}
