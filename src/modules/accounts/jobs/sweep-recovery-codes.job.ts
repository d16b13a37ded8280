import { Injectable } from '@nestjs/common';
import { SweptTables, type TableSweep } from '../../../contracts/swept-store.js';
import { Clock } from '../../../kernel/clock.js';
import { PasswordRecoveryCodesRepository } from '../data/password-recovery-codes.repository.js';

/** Removes recovery codes that have ended since their owner has an address; they were refused already. */
@Injectable()
export class SweepRecoveryCodesJob extends SweptTables {
  constructor(
    private readonly codes: PasswordRecoveryCodesRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async sweep({ removing }: TableSweep): Promise<void> {
    await removing(async (tx) => ({ password_recovery_code: await this.codes.sweep(tx, this.clock.now()) }));
  }
}
