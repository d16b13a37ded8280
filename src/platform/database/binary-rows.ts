/** The type of an array's elements and of each of their columns, as the server's catalogue numbers them (`pg_type.oid`). */
export interface RowType {
  readonly oid: number;
  readonly columns: readonly number[];
}

/** A value that its column cannot hold. The statement that reads rows as JSON says in PostgreSQL's own words what is wrong with it. */
export class NotRepresentable extends Error {
  override readonly name = 'NotRepresentable';
}

const FIRST_BYTES = 16 * 1024;
/** An array that needed more than this is rare; what it took is let go of. */
const KEPT_BYTES = 256 * 1024;
/** Before the first row: dimensions, whether there are nulls, the type, and the length and first index of the one dimension. */
const HEAD_BYTES = 20;
const INT32_MAX = 2 ** 31 - 1;
const POW_32 = 2 ** 32;
const DAY_MS = 86_400_000;
/** PostgreSQL counts days and microseconds from 2000-01-01. */
const EPOCH_MS = 946_684_800_000;
const NUMERIC_NEGATIVE = 0x4000;
const DIGITS_PER_GROUP = 4;
/** A type of ours is the one that the statement names, whatever number the array gives it (`array_recv` from PostgreSQL 14 on). */
const AS_NAMED = 0;
/** PostgreSQL's own types have the same numbers on every server (its `pg_type.dat`). */
const TYPES = { boolean: 16, bytea: 17, integer: 23, date: 1082, timestamptz: 1184, numeric: 1700, uuid: 2950 } as const;

/**
 * Writes rows as an array of composites in PostgreSQL's binary format (what `array_recv`, `record_recv` and each type's own receive function
 * take). A row costs the server less than half of what it costs to read it as text. Columns are written in the order of the type.
 */
export class RowWriter {
  private buffer = Buffer.alloc(0);
  private at = HEAD_BYTES;
  private count = 0;
  private column = 0;
  private columns: readonly number[] = [];
  /** Rows that are written together mostly have the same days in them. */
  private lastDay = '';
  private lastDayCount = 0;

  /** `keptBytes`: memory that is used again for the next array. */
  constructor(private readonly keptBytes = KEPT_BYTES) {}

  /** Rows since it was cleared. */
  get length(): number {
    return this.count;
  }

  /** The array, in memory of its own. `write` calls one method for each column of a row. */
  rows<Row>(type: RowType, rows: readonly Row[], write: (row: Row, to: this) => void): Buffer {
    this.clear();
    this.columns = type.columns;
    for (const row of rows) this.row(row, write);
    return Buffer.from(this.array(type.oid));
  }

  /** Adds one row, which may have no text in it: that needs its column's type, which {@link rows} is given. */
  row<Row>(row: Row, write: (row: Row, to: this) => void): void {
    this.reserve(8);
    const start = this.at;
    this.at += 8;
    this.column = 0;
    write(row, this);
    this.buffer.writeInt32BE(this.at - start - 4, start);
    this.buffer.writeInt32BE(this.column, start + 4);
    this.count += 1;
  }

  /** What was added so far, in the writer's own memory: it is there until the writer is cleared. */
  array(oid = AS_NAMED): Buffer {
    const end = this.at;
    this.at = 0;
    this.reserve(HEAD_BYTES);
    this.raw(1);
    this.raw(0);
    this.raw(oid);
    this.raw(this.count);
    this.raw(1);
    this.at = end;
    return this.buffer.subarray(0, end);
  }

  clear(): void {
    this.at = HEAD_BYTES;
    this.count = 0;
    if (this.buffer.length > this.keptBytes) this.buffer = Buffer.alloc(0);
  }

  uuid(text: string | null): void {
    if (text === null) return this.nothing(TYPES.uuid);
    this.head(TYPES.uuid, 16, 16);
    const { buffer } = this;
    let { at } = this;
    for (let index = 0; index < 36; index += 2) {
      if (text.charCodeAt(index) === HYPHEN) index += 1;
      buffer[at] = (HEX[text.charCodeAt(index)] as number) * 16 + (HEX[text.charCodeAt(index + 1)] as number);
      at += 1;
    }
    this.at = at;
  }

  /** Text, an enum's word, or JSON: all of them travel as they are written. */
  text(text: string | null): void {
    const type = this.columns[this.column] as number;
    if (text === null) return this.nothing(type);
    // UTF-8 takes at most three bytes for each unit of a JavaScript string.
    this.head(type, 0, text.length * 3);
    const bytes = this.buffer.write(text, this.at);
    this.buffer.writeInt32BE(bytes, this.at - 4);
    this.at += bytes;
  }

  /** Of all pieces together. */
  bytes(pieces: readonly Buffer[] | null): void {
    if (pieces === null) return this.nothing(TYPES.bytea);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.head(TYPES.bytea, length, length);
    for (const piece of pieces) this.at += piece.copy(this.buffer, this.at);
  }

  integer(value: number | null): void {
    if (value === null) return this.nothing(TYPES.integer);
    if (!Number.isInteger(value) || value > INT32_MAX || value < -INT32_MAX) throw new NotRepresentable();
    this.head(TYPES.integer, 4, 4);
    this.raw(value);
  }

  boolean(value: boolean): void {
    this.head(TYPES.boolean, 1, 1);
    this.buffer[this.at] = value ? 1 : 0;
    this.at += 1;
  }

  /** `day`: `YYYY-MM-DD`. */
  date(day: string | null): void {
    if (day === null) return this.nothing(TYPES.date);
    this.head(TYPES.date, 4, 4);
    if (day !== this.lastDay) {
      this.lastDay = day;
      this.lastDayCount = (Date.parse(day) - EPOCH_MS) / DAY_MS;
    }
    this.raw(this.lastDayCount);
  }

  /** `moment`: ISO 8601 in UTC, as `Date` writes it. */
  timestamp(moment: string | Date): void {
    const micros = (new Date(moment).getTime() - EPOCH_MS) * 1_000;
    this.head(TYPES.timestamptz, 8, 8);
    this.raw(Math.floor(micros / POW_32) | 0);
    this.raw((micros % POW_32) | 0);
  }

  /** `amount`: a decimal as `Money` writes it. Sent in groups of four digits, each two bytes. */
  numeric(amount: string | null): void {
    if (amount === null) return this.nothing(TYPES.numeric);
    const negative = amount.charCodeAt(0) === MINUS;
    const start = negative ? 1 : 0;
    const point = amount.indexOf('.');
    const whole = point === -1 ? amount.length : point;
    const scale = point === -1 ? 0 : amount.length - point - 1;
    const before = Math.ceil((whole - start) / DIGITS_PER_GROUP);
    const groups = before + Math.ceil(scale / DIGITS_PER_GROUP);
    this.head(TYPES.numeric, 8 + 2 * groups, 8 + 2 * groups);
    this.short(groups);
    this.short(before - 1);
    this.short(negative ? NUMERIC_NEGATIVE : 0);
    this.short(scale);
    // The first group of the whole part may be short of digits on its left, the last of the fraction on its right.
    for (let end = whole - (before - 1) * DIGITS_PER_GROUP; end <= whole; end += DIGITS_PER_GROUP) {
      this.short(digits(amount, Math.max(start, end - DIGITS_PER_GROUP), end));
    }
    for (let from = whole + 1; from < amount.length; from += DIGITS_PER_GROUP) {
      const end = Math.min(amount.length, from + DIGITS_PER_GROUP);
      this.short(digits(amount, from, end) * 10 ** (from + DIGITS_PER_GROUP - end));
    }
  }

  private nothing(type: number): void {
    this.head(type, -1, 0);
  }

  private head(type: number, length: number, room: number): void {
    this.reserve(8 + room);
    this.raw(type);
    this.raw(length);
    this.column += 1;
  }

  private raw(value: number): void {
    this.buffer.writeInt32BE(value | 0, this.at);
    this.at += 4;
  }

  private short(value: number): void {
    this.buffer.writeInt16BE(value, this.at);
    this.at += 2;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

const HYPHEN = 0x2d;
const MINUS = 0x2d;
const ZERO = 0x30;

/** The value of a hexadecimal digit by its character code. */
const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit += 1) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) value = value * 10 + text.charCodeAt(index) - ZERO;
  return value;
}
