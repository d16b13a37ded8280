import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { AccountPrincipal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import type { OwnershipOffer } from '../../data/members/ownership-offer.entity.js';
import { AuditedOffers } from './audited-offers.js';

/** Reads the offer there is, and ends it untaken: its receiver declines, or an owner withdraws it. */
@Injectable()
export class EndOwnershipOffer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly offers: AuditedOffers,
    private readonly memberships: Memberships,
  ) {}

  /** Raises `members/offer_not_found`. */
  read(organisationId: OrganisationId): Promise<OwnershipOffer> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.offers.find(tx, organisationId));
  }

  /** Raises `members/offer_not_found`, and `http/forbidden` for a member who is neither. */
  async run(organisationId: OrganisationId, caller: AccountPrincipal): Promise<void> {
    await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const offer = await this.offers.lock(tx, organisationId);
      const isReceiver = offer.toAccountId === caller.id;
      const member = await this.memberships.find(tx, organisationId, caller.id);
      if (!isReceiver && member?.role !== 'owner') throw httpErrors.forbidden();
      await this.offers.end(tx, offer, isReceiver ? 'declined' : 'withdrawn', caller.id);
    });
  }
}
