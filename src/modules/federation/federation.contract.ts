import type { AccountId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';

/** What identity providers say about people, for whoever acts on it. Also the injection token. */
export abstract class ExternalProfiles {
  /**
   * Whether a provider of the installation said, when it was last asked, that this person is a VIP (A1). What an organisation's own provider says does
   * not count. The transaction must be a system one.
   */
  abstract isVip(tx: Tx, accountId: AccountId): Promise<boolean>;
}
