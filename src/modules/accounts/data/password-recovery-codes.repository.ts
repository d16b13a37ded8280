import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual } from 'typeorm';
import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { PasswordRecoveryCodeEntity } from './password-recovery-code.entity.js';

/** The codes of `password_recovery_code`, one an account. Only the system role reaches them (A3). */
@Injectable()
export class PasswordRecoveryCodesRepository {
  find(tx: Tx, accountId: AccountId): Promise<PasswordRecoveryCodeEntity | null> {
    return tx.findOneBy(PasswordRecoveryCodeEntity, { accountId });
  }

  /** In place of the one there was, if any. */
  async put(tx: Tx, code: PasswordRecoveryCodeEntity): Promise<void> {
    await tx.delete(PasswordRecoveryCodeEntity, { accountId: code.accountId });
    await tx.insert(PasswordRecoveryCodeEntity, code);
  }

  /** Gives a code that has no end one. */
  async end(tx: Tx, accountId: AccountId, endsAt: Date): Promise<void> {
    await tx.update(PasswordRecoveryCodeEntity, { accountId, endsAt: IsNull() }, { endsAt });
  }

  async sweep(tx: Tx, now: Date): Promise<number> {
    return (await tx.delete(PasswordRecoveryCodeEntity, { endsAt: LessThanOrEqual(now) })).affected ?? 0;
  }
}
