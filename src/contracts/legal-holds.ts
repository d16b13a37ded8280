import type { AccountId, Id, OrganisationId } from '../kernel/ids.js';
import type { Tx } from '../platform/database/unit-of-work.js';
import type { WindowedClass } from './data-classes.js';

export type LegalHoldId = Id<'legal_hold'>;

/** Where holds are, and what the erasure ledger calls the placing of one: a restore keeps what a hold may cover. */
export const HOLDS_TABLE = 'legal_hold';
export const HOLD_PLACED = 'legal_hold.placed';

/**
 * What a deletion is about to touch. A part left out is not limited: `{ organisationId }` is everything of an organisation. It names an
 * organisation, an account, or both.
 */
export interface DeletionScope {
  readonly dataClass?: WindowedClass;
  readonly organisationId?: OrganisationId;
  readonly accountId?: AccountId;
  /** When what goes was written: from this moment, epoch milliseconds. */
  readonly fromMs?: number;
  /** Up to and without this moment, epoch milliseconds. */
  readonly toMs?: number;
}

/** A legal hold that stands in the way. */
export interface CoveringHold {
  readonly id: LegalHoldId;
  /** The operator's reference of the matter: letters, digits and `._/#-`. */
  readonly matter: string;
}

/**
 * What a legal hold keeps from being deleted (D5). Also the injection token. Expired partitions and the rows that sweeps delete need not ask: the
 * database takes what is held out of their way. Whoever deletes something that cannot be kept aside asks here, in the transaction that deletes: an
 * account, an organisation, a content key, a blob. From then until that transaction ends, no hold is placed.
 */
export abstract class LegalHolds {
  /** Holds in force that cover part of it. One matches when no part that both name differs, and one that both name is the same. */
  abstract covering(tx: Tx, scope: DeletionScope): Promise<readonly CoveringHold[]>;
  /** Raises `retention/held` (409), which names the matters, when a hold covers part of it. */
  abstract assertFree(tx: Tx, scope: DeletionScope): Promise<void>;
}
