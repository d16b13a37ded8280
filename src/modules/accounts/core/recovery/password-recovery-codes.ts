import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import { Clock } from '../../../../kernel/clock.js';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { PasswordRecoveryCodesRepository } from '../../data/password-recovery-codes.repository.js';
import { LINK_KINDS } from '../links/link-kinds.js';
import { hashRecoveryCode, newRecoveryCode } from './recovery-code.js';

const USE = 'lethe/password-recovery-code/1';

/**
 * The codes of accounts that no mail can recover (ADR 0049). Nobody who is signed in can change one: whoever knows the password alone cannot take
 * the way back away from whoever has the paper.
 */
@Injectable()
export class PasswordRecoveryCodes {
  constructor(
    private readonly codes: PasswordRecoveryCodesRepository,
    private readonly clock: Clock,
  ) {}

  /** A new code in place of the one there was; shown once. */
  async issue(tx: Tx, accountId: AccountId): Promise<string> {
    const code = newRecoveryCode();
    const codeHash = present(hashRecoveryCode(USE, accountId, code), 'the hash of a code just made');
    await this.codes.put(tx, { accountId, codeHash, createdAt: this.clock.now(), endsAt: null });
    return code;
  }

  async isRight(tx: Tx, accountId: AccountId, typed: string): Promise<boolean> {
    const kept = await this.codes.find(tx, accountId);
    const hash = hashRecoveryCode(USE, accountId, typed);
    if (kept === null || hash === null || !timingSafeEqual(kept.codeHash, hash)) return false;
    return kept.endsAt === null || kept.endsAt.getTime() > this.clock.nowMs();
  }

  /** An address has been proven: the code stays good as long as the link would that takes a change of address back, and not longer. */
  async endWithProvenAddress(tx: Tx, accountId: AccountId): Promise<void> {
    await this.codes.end(tx, accountId, new Date(this.clock.nowMs() + LINK_KINDS.email_undo.lifetimeMs));
  }
}
