import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../../kernel/clock.js';
import type { AccountId, OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import type { OwnershipOffer } from '../../data/members/ownership-offer.entity.js';
import { OwnershipOffersRepository } from '../../data/members/ownership-offers.repository.js';
import { membersErrors } from '../../members.errors.js';

/** How long an offer stands. */
export const OFFER_DAYS = 7;

/** Offers of ownership, with an audit row for each beginning and end in the same transaction. */
@Injectable()
export class AuditedOffers {
  constructor(
    private readonly offers: OwnershipOffersRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `members/offer_not_found`. */
  async find(tx: Tx, organisationId: OrganisationId): Promise<OwnershipOffer> {
    return required(await this.offers.find(tx, organisationId));
  }

  /** The same, locked until the transaction ends: it is taken once. */
  async lock(tx: Tx, organisationId: OrganisationId): Promise<OwnershipOffer> {
    return required(await this.offers.lock(tx, organisationId));
  }

  hasExpired({ expiresAt }: OwnershipOffer): boolean {
    return expiresAt <= this.clock.now();
  }

  /** Raises `members/offer_exists`. */
  async add(tx: Tx, between: Pick<OwnershipOffer, 'organisationId' | 'fromAccountId' | 'toAccountId'>): Promise<OwnershipOffer> {
    const createdAt = this.clock.now();
    const offer = { ...between, createdAt, expiresAt: new Date(createdAt.getTime() + OFFER_DAYS * DAY_MS) };
    await this.offers.deleteExpired(tx, createdAt, offer.organisationId);
    if (!(await this.offers.insert(tx, offer))) throw membersErrors.offer_exists();
    await this.record(tx, 'offered', offer, offer.fromAccountId);
    return offer;
  }

  async end(tx: Tx, offer: OwnershipOffer, how: 'withdrawn' | 'declined' | 'transferred', actorId: AccountId): Promise<void> {
    await this.offers.delete(tx, offer.organisationId);
    await this.record(tx, how, offer, actorId);
  }

  private record(tx: Tx, act: string, offer: OwnershipOffer, actorId: AccountId): Promise<void> {
    const { organisationId, fromAccountId, toAccountId } = offer;
    return this.audit.record(tx, {
      actor: { kind: 'account', id: actorId },
      action: `ownership.${act}`,
      organisationId,
      target: { type: 'organisation', id: organisationId },
      detail: { from: fromAccountId, to: toAccountId },
    });
  }
}

function required(offer: OwnershipOffer | null): OwnershipOffer {
  if (offer === null) throw membersErrors.offer_not_found();
  return offer;
}
