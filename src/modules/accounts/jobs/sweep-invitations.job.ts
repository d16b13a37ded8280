import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { InvitationsRepository } from '../data/members/invitations.repository.js';
import { OwnershipOffersRepository } from '../data/members/ownership-offers.repository.js';

/** Clears away invitations and offers of ownership that nobody took up: addresses of people who never came are gone within an hour of their link's end. */
@Injectable()
export class SweepInvitationsJob extends SweptTables {
  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly offers: OwnershipOffersRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    const now = this.clock.now();
    await removing(async (tx) => ({
      invitation: await this.invitations.deleteExpired(tx, now),
      ownership_offer: await this.offers.deleteExpired(tx, now),
    }));
  }
}
