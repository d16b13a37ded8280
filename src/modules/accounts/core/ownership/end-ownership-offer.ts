import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { OwnershipOfferEntity } from '../../data/members/ownership-offer.entity.js';
import { OwnershipOffersRepository } from '../../data/members/ownership-offers.repository.js';
import { membersErrors } from '../../members.errors.js';
import { AuditedOffers } from './audited-offers.js';

/** Reads the offer there is, and ends it untaken: its receiver declines, or an owner withdraws it. */
@Injectable()
export class EndOwnershipOffer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly offers: OwnershipOffersRepository,
    private readonly audited: AuditedOffers,
    private readonly memberships: Memberships,
  ) {}

  /** Raises `members/offer_not_found`. */
  async read(organisationId: OrganisationId): Promise<OwnershipOfferEntity> {
    const offer = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.offers.find(tx, organisationId));
    if (offer === null) throw membersErrors.offer_not_found();
    return offer;
  }

  /** Raises `members/offer_not_found`, and `http/forbidden` for a member who is neither. */
  async run(organisationId: OrganisationId, caller: AccountPrincipal): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const offer = await this.offers.lock(tx, organisationId);
      if (offer === null) throw membersErrors.offer_not_found();
      const isReceiver = offer.toAccountId === caller.id;
      const member = await this.memberships.find(tx, organisationId, caller.id);
      if (!isReceiver && member?.role !== 'owner') throw httpErrors.forbidden();
      await this.offers.delete(tx, organisationId);
      await this.audited.record(tx, isReceiver ? 'declined' : 'withdrawn', offer, caller.id);
    });
  }
}
