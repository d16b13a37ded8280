import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type OwnershipOffer, OwnershipOfferEntity } from './ownership-offer.entity.js';

@Injectable()
export class OwnershipOffersRepository {
  /** False, and nothing written, when there is an offer already. */
  async insert(tx: Tx, offer: OwnershipOffer): Promise<boolean> {
    const query = tx.createQueryBuilder().insert().into(OwnershipOfferEntity).values(offer).orIgnore().returning('organisation_id');
    return ((await query.execute()).raw as unknown[]).length === 1;
  }

  find(tx: Tx, organisationId: OrganisationId): Promise<OwnershipOffer | null> {
    return tx.findOneBy(OwnershipOfferEntity, { organisationId });
  }

  /** The row, locked until the transaction ends: it is taken once. */
  lock(tx: Tx, organisationId: OrganisationId): Promise<OwnershipOffer | null> {
    return tx.findOne(OwnershipOfferEntity, { where: { organisationId }, lock: { mode: 'pessimistic_write' } });
  }

  /** Whether there was one. */
  async delete(tx: Tx, organisationId: OrganisationId): Promise<boolean> {
    return (await tx.delete(OwnershipOfferEntity, { organisationId })).affected === 1;
  }

  /** Answers how many had expired. */
  async deleteExpired(tx: Tx, now: Date, organisationId?: OrganisationId): Promise<number> {
    const where = { expiresAt: LessThanOrEqual(now), ...(organisationId === undefined ? {} : { organisationId }) };
    return (await tx.delete(OwnershipOfferEntity, where)).affected ?? 0;
  }
}
