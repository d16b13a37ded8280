import type { Tx } from '../platform/database/unit-of-work.js';

/**
 * What must not be undone by restoring an older database: that a person or an organisation was removed, a content key destroyed, a legal hold placed
 * or released. Pseudonymous: ids, enums, numbers and dates, no name and nobody's words, because it is kept beside the database and outlives what
 * it tells of.
 */
export interface Erasure {
  /** What happened, `<noun>.<past participle>`, such as `account.removed`: the kind of the replayer that knows how to do it again. */
  readonly kind: string;
  /** Whom or what it happened to. */
  readonly subjectId: string;
  /** What else it takes to do it again, such as a key's version. Texts of at most 200 characters. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** An erasure as the ledger holds it. */
export interface RecordedErasure extends Required<Erasure> {
  /** A UUIDv7: they sort in the order they were recorded. */
  readonly id: string;
  readonly recordedAt: Date;
}

/**
 * Records erasures (D4). The row commits with the change or not at all, and is copied out of the database at once: a restore replays what happened
 * after the backup, before the instance serves. It is forgotten when no backup from before it can be restored any more. Also the injection token.
 */
export abstract class ErasureLedger {
  /** In the transaction that erases, of an organisation or of the system. */
  abstract record(tx: Tx, erasure: Erasure): Promise<void>;
}

/**
 * Does an erasure again on a database that was restored from before it; implemented by whoever records that kind, and collected by discovery. One
 * implementation per kind; a kind in the ledger that nobody implements stops the start-up.
 */
export abstract class ErasureReplayer {
  abstract readonly kind: string;

  /**
   * In a system transaction of its own, in the order they were recorded, at least once: what is erased already, or was never there, is no error.
   * Nobody can be asked and nothing may stand in the way: a rule that would refuse the change to a caller (the last owner of an organisation) does
   * not apply. It does not record the erasure again.
   */
  abstract replay(tx: Tx, erasure: RecordedErasure): Promise<void>;
}
