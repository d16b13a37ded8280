import type { Tx } from '../platform/database/unit-of-work.js';
import type { DataClass } from './data-classes.js';

/** What the operator's staff has to hear of. */
export type StaffMessage =
  /** Something of a class is kept past its time: in which store the longest, and for how many hours. */
  | { readonly kind: 'data_overdue'; readonly values: { readonly dataClass: DataClass; readonly store: string; readonly hours: number } }
  /** Nothing of the class is any more. */
  | { readonly kind: 'data_overdue_ended'; readonly values: { readonly dataClass: DataClass } };

/**
 * Tells the operator's staff, for machinery that must not know them: retention notices that a promise is broken, and may read neither who answers for it nor
 * what their address is. One implementation, found by discovery; without one there is nobody to tell.
 */
export abstract class StaffNews {
  /** In the transaction that makes it so, which is a system one: with the change or not at all, and once. */
  abstract tell(tx: Tx, message: StaffMessage): Promise<void>;
}
