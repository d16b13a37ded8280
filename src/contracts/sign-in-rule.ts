import type { AccountId } from '../kernel/ids.js';
import type { Tx } from '../platform/database/unit-of-work.js';

/** Somebody who has just proven who they are. */
export interface ProvenPerson {
  readonly accountId: AccountId;
  /** An address its owner has proven; null when there is none. */
  readonly verifiedEmail: string | null;
  /** How they did it, such as `password`; see `SignInMethod` of the accounts. */
  readonly method: string;
}

/**
 * One more thing that decides whether somebody may sign in the way they did, for the one place where sessions begin, which must not know who
 * asks: an organisation may demand that its people come through its own identity provider. Collected by discovery; every rule is asked.
 */
export abstract class SignInRule {
  /** In the transaction that opens the session, a system one. Raises an error of its own when the person may not. */
  abstract check(tx: Tx, person: ProvenPerson): Promise<void>;
}
