import type { AccountId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** What sessions must know of second factors. Also the injection token. */
export abstract class SecondFactors {
  /** Whether the account has one that it could present. */
  abstract hasAny(tx: Tx, accountId: AccountId): Promise<boolean>;
  /** Whether one of them opens the account by itself, without a name being told before. */
  abstract hasPasskey(tx: Tx, accountId: AccountId): Promise<boolean>;
}
