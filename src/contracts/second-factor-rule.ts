import type { AccountId } from '../kernel/ids.js';
import type { Tx } from '../platform/database/unit-of-work.js';

/**
 * Says of whom a module demands a second factor, for the one that signs people in and must not know why: accounts may not read who belongs to the
 * operator's staff. One implementation per reason, collected by discovery. Asked whenever somebody without a factor calls, so it must be quick.
 */
export abstract class SecondFactorRule {
  /** `tx` is a system transaction. */
  abstract demandsOf(tx: Tx, accountId: AccountId): Promise<boolean>;
}
