import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { OpenedSession } from '../../accounts.contract.js';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { hashRecoveryCode, newRecoveryCode } from '../recovery/recovery-code.js';

const RECOVERY_CODES = 10;

/** What setting up a factor leads to. */
export interface Enrolled {
  /** Shown once; null when the account has some already. */
  readonly recoveryCodes: readonly string[] | null;
  readonly session: OpenedSession;
}

/** Gives codes out. They leave the process as the answer of the request that made them, and are kept as hashes. */
@Injectable()
export class RecoveryCodes {
  constructor(
    private readonly codes: RecoveryCodesRepository,
    private readonly clock: Clock,
  ) {}

  /** Codes for an account that has none yet: nobody with a factor is without a way back. */
  async issueFirst(tx: Tx, accountId: AccountId): Promise<readonly string[] | null> {
    return (await this.codes.count(tx, accountId)) > 0 ? null : this.replace(tx, accountId);
  }

  /** Ten new ones; those before are void. */
  async replace(tx: Tx, accountId: AccountId): Promise<readonly string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    const hashes = codes.map((code) => present(hashRecoveryCode('lethe/recovery-code/1', accountId, code), 'the hash of a code just made'));
    await this.codes.replace(tx, accountId, hashes, this.clock.now());
    return codes;
  }
}
