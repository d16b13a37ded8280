import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { RecoveryCodeEntity } from './recovery-code.entity.js';

/** Recovery codes that are left. Only the system role reaches them (A3). */
@Injectable()
export class RecoveryCodesRepository {
  /** Puts new codes in place of whatever was left. */
  async replace(tx: Tx, accountId: AccountId, hashes: readonly Buffer[], at: Date): Promise<void> {
    await this.removeAll(tx, accountId);
    await tx.insert(
      RecoveryCodeEntity,
      hashes.map((codeHash) => ({ accountId, codeHash, createdAt: at })),
    );
  }

  /** Uses a code up: true for exactly one of all who try it at once. */
  async use(tx: Tx, accountId: AccountId, codeHash: Buffer): Promise<boolean> {
    const { affected } = await tx.delete(RecoveryCodeEntity, { accountId, codeHash });
    return affected === 1;
  }

  count(tx: Tx, accountId: AccountId): Promise<number> {
    return tx.countBy(RecoveryCodeEntity, { accountId });
  }

  async removeAll(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.delete(RecoveryCodeEntity, { accountId });
  }
}
