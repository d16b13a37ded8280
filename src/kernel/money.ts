/** Digits kept after the decimal point: prices per million tokens have up to six, so a token's price fits exactly. */
const SCALE = 12;
const UNIT = 10n ** BigInt(SCALE);
const DECIMAL = /^(-?)(\d{1,18})(?:\.(\d{1,12}))?$/;
/** So many digits make a number that is exact. */
const EXACT_DIGITS = 15;
/** What the last digit of an amount is worth, by how many stand behind the point. */
const WORTH = Array.from({ length: SCALE + 1 }, (_, decimals) => 10n ** BigInt(SCALE - decimals));
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * An exact amount of money: an integer count of 10⁻¹² of the currency unit (`numeric(30,12)` in Postgres). Never a float.
 * Amounts add and compare exactly; only {@link Money.dividedBy} rounds, and always up.
 */
export class Money {
  static readonly ZERO = new Money(0n);

  private constructor(private readonly picos: bigint) {}

  /** Reads `"12.5"`, `"0.000000075"`, `"-3"`. Throws a RangeError for anything else, more than 12 decimals included. */
  static parse(text: string): Money {
    if (text.length <= EXACT_DIGITS) {
      const picos = readShort(text);
      if (picos !== null) return new Money(picos);
    }
    const match = DECIMAL.exec(text);
    if (!match) throw new RangeError('an amount is digits with at most 12 decimals, such as "0.25"');
    const [, sign, whole = '0', fraction = ''] = match;
    const picos = BigInt(whole) * UNIT + BigInt(fraction.padEnd(SCALE, '0'));
    return new Money(sign ? -picos : picos);
  }

  static isAmount(text: unknown): text is string {
    return typeof text === 'string' && DECIMAL.test(text);
  }

  static sum(amounts: Iterable<Money>): Money {
    let picos = 0n;
    for (const amount of amounts) picos += amount.picos;
    return new Money(picos);
  }

  plus(other: Money): Money {
    return new Money(this.picos + other.picos);
  }

  minus(other: Money): Money {
    return new Money(this.picos - other.picos);
  }

  /** This amount times a whole number, such as a count of tokens. */
  times(count: number): Money {
    return new Money(this.picos * BigInt(count));
  }

  /** This amount divided by a positive whole number, rounded up so that a charge is never lost to rounding. */
  dividedBy(divisor: number): Money {
    const by = BigInt(divisor);
    if (by <= 0n) throw new RangeError('the divisor is a positive whole number');
    const quotient = this.picos / by;
    const exact = quotient * by === this.picos;
    return new Money(exact || this.picos < 0n ? quotient : quotient + 1n);
  }

  compare(other: Money): -1 | 0 | 1 {
    if (this.picos === other.picos) return 0;
    return this.picos < other.picos ? -1 : 1;
  }

  isZero(): boolean {
    return this.picos === 0n;
  }

  isNegative(): boolean {
    return this.picos < 0n;
  }

  /** The shortest exact decimal: `"0.25"`, `"3"`, `"-0.000000075"`. */
  toString(): string {
    const negative = this.picos < 0n;
    const digits = (negative ? -this.picos : this.picos).toString().padStart(SCALE + 1, '0');
    const point = digits.length - SCALE;
    let end = digits.length;
    while (end > point && digits.charCodeAt(end - 1) === ZERO) end -= 1;
    const fraction = end === point ? '' : `.${digits.slice(point, end)}`;
    return `${negative ? '-' : ''}${digits.slice(0, point)}${fraction}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The amounts of single calls, of which each is read several times: without a pattern, and counted as a plain number. Null: look closer. */
function readShort(text: string): bigint | null {
  let count = 0;
  let point = -1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ZERO && code <= NINE) count = count * 10 + code - ZERO;
    else if (code === POINT && point === -1 && index > 0) point = index;
    else return null;
  }
  const decimals = point === -1 ? 0 : text.length - point - 1;
  if (text.length === 0 || decimals > SCALE || point === text.length - 1) return null;
  return BigInt(count) * (WORTH[decimals] as bigint);
}
