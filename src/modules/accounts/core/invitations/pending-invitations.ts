import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { InvitationsRepository } from '../../data/members/invitations.repository.js';

/** Whether somebody is expected, for installations in which only the invited may sign up. */
@Injectable()
export class PendingInvitations {
  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly clock: Clock,
  ) {}

  /** `emailNormal` as `readEmailAddress` gives it. The transaction must be a system one. */
  existFor(tx: Tx, emailNormal: string): Promise<boolean> {
    return this.invitations.existsFor(tx, emailNormal, this.clock.now());
  }
}
