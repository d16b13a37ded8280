import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { SecondFactors } from '../second-factors.js';

/** {@link SecondFactors}, read from the database every time. */
@Injectable()
export class StoredSecondFactors extends SecondFactors {
  /**
   * A suspended key counts: otherwise whoever copied a key would only have to use it once to be asked for a password alone. Its owner has
   * recovery codes.
   */
  override async hasAny(tx: Tx, accountId: AccountId): Promise<boolean> {
    const [answer] = await tx.query<{ any: boolean }[]>(
      `SELECT EXISTS (SELECT FROM totp_factor WHERE account_id = $1 AND confirmed_at IS NOT NULL)
         OR EXISTS (SELECT FROM webauthn_credential WHERE account_id = $1) AS any`,
      [accountId],
    );
    return answer?.any === true;
  }

  /** Phones, computers and whatever is synchronised keep who the key is for. A key on a stick may or may not, and nobody says: it does not count. */
  override async hasPasskey(tx: Tx, accountId: AccountId): Promise<boolean> {
    const [answer] = await tx.query<{ any: boolean }[]>(
      `SELECT EXISTS (SELECT FROM webauthn_credential WHERE account_id = $1 AND status = 'active'
         AND (backed_up OR transports && '{internal,hybrid}')) AS any`,
      [accountId],
    );
    return answer?.any === true;
  }
}
