import { RowWriter } from '../../../platform/database/binary-rows.js';
import type { ContentFacts, ContentRow } from './content-rows.js';

/** What a batch needed more than this for is rare; it is let go of. */
const KEPT_BYTES = 2 * 1_048_576;

/** A row to be written: its sealed bytes in pieces, or the day of its object in the blob store. */
interface NewRow {
  readonly facts: ContentFacts;
  readonly pieces: readonly Buffer[] | null;
  readonly blobDay: string | null;
}

/**
 * Rows of one store on their way to the database, as the one array that the statement takes: written byte by byte as they come, in memory that one batch
 * after the other uses. Objects and buffers of each call would outlive the young generation while they wait for others.
 */
export class SealedRows {
  private readonly writer = new RowWriter(KEPT_BYTES);
  private readonly expiryDays = new Set<string>();

  get length(): number {
    return this.writer.length;
  }

  /** The days on which they expire, `YYYY-MM-DD`. */
  get days(): ReadonlySet<string> {
    return this.expiryDays;
  }

  /** `pieces` are copied. */
  add(facts: ContentFacts, pieces: readonly Buffer[]): void {
    this.write({ facts, pieces, blobDay: null });
  }

  addStored(row: ContentRow): void {
    this.write({ facts: row, pieces: null, blobDay: row.blobDay });
  }

  /** All of them, as a `content_row[]`, until {@link clear}. */
  array(): Buffer {
    return this.writer.array();
  }

  clear(): void {
    this.writer.clear();
    this.expiryDays.clear();
  }

  private write(row: NewRow): void {
    this.writer.row(row, writeRow);
    this.expiryDays.add(row.facts.expiresOn);
  }
}

/** A `content_row`, column by column. */
function writeRow({ facts, pieces, blobDay }: NewRow, to: RowWriter): void {
  to.uuid(facts.callId);
  to.date(facts.expiresOn);
  to.uuid(facts.organisationId);
  to.uuid(facts.projectId);
  to.uuid(facts.keyId);
  to.timestamp(facts.writtenAt);
  to.uuid(facts.grantId);
  to.integer(facts.keyVersion);
  to.integer(facts.requestBytes);
  to.integer(facts.answerBytes);
  to.boolean(facts.requestCut);
  to.boolean(facts.answerCut);
  to.boolean(facts.redacted);
  to.bytes(pieces);
  to.date(blobDay);
}
