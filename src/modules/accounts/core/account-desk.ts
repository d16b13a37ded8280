import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { AccountsRepository } from '../data/accounts.repository.js';
import { SessionsRepository } from '../data/sessions.repository.js';

/** What every act on an account works with. */
@Injectable()
export class AccountDesk {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly accounts: AccountsRepository,
    readonly sessions: SessionsRepository,
    readonly clock: Clock,
  ) {}
}
