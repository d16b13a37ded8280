import { Injectable } from '@nestjs/common';
import type { AccountId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';

/** Wrong codes in a row before each further one has to wait. */
export const FREE_ATTEMPTS = 5;
const FIRST_WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = 43_200;

export type Attempt = { readonly allowed: true; readonly attempts: number } | { readonly allowed: false; readonly nextAt: Date };

/** Slows guessing per account, over all replicas: five codes, then one a minute, two minutes, four, up to twelve hours. */
@Injectable()
export class TotpAttemptsRepository {
  /**
   * Counts an attempt before its code is looked at, in one statement: of a thousand at once no more get through than one after another. It holds the
   * account's count until the transaction ends, which must commit when the code was wrong.
   */
  async take(tx: Tx, accountId: AccountId, at: Date): Promise<Attempt> {
    const [counted] = await tx.query<{ attempts: number }[]>(
      `INSERT INTO totp_attempt AS attempt (account_id, attempts, next_at) VALUES ($1, 1, $2)
       ON CONFLICT (account_id) DO UPDATE SET
         attempts = attempt.attempts + 1,
         next_at = CASE WHEN attempt.attempts + 1 < $3::integer THEN excluded.next_at
           ELSE excluded.next_at + make_interval(secs => least($4::float8 * 2 ^ least(attempt.attempts + 1 - $3, 30), $5)) END
       WHERE attempt.next_at <= excluded.next_at
       RETURNING attempts`,
      [accountId, at, FREE_ATTEMPTS, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
    );
    if (counted) return { allowed: true, attempts: counted.attempts };
    return { allowed: false, nextAt: (await this.nextAt(tx, accountId)) ?? at };
  }

  /** When the next code may be tried; null when none was tried in vain. */
  async nextAt(tx: Tx, accountId: AccountId): Promise<Date | null> {
    const [row] = await tx.query<{ next_at: Date }[]>('SELECT next_at FROM totp_attempt WHERE account_id = $1', [accountId]);
    return row?.next_at ?? null;
  }

  /** A right code ends the row of wrong ones. */
  async forget(tx: Tx, accountId: AccountId): Promise<void> {
    await tx.query('DELETE FROM totp_attempt WHERE account_id = $1', [accountId]);
  }
}
