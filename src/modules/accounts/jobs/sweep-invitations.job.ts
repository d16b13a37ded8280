import { Injectable } from '@nestjs/common';
import { RecurringJob } from '../../../contracts/recurring-job.js';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { InvitationsRepository } from '../data/members/invitations.repository.js';
import { OwnershipOffersRepository } from '../data/members/ownership-offers.repository.js';

/** Clears away invitations and offers of ownership that nobody took up: addresses of people who never came are gone within an hour of their link's end. */
@Injectable()
export class SweepInvitationsJob extends RecurringJob {
  readonly name = 'accounts.sweep-invitations';
  readonly everySeconds = 3_600;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly invitations: InvitationsRepository,
    private readonly offers: OwnershipOffersRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.asSystem(async (tx) => {
      await this.invitations.deleteExpired(tx, now);
      await this.offers.deleteExpired(tx, now);
    });
  }
}
