import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Money } from './money.js';

const amounts = fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map((picos) => {
  const digits = (picos < 0n ? -picos : picos).toString().padStart(13, '0');
  return `${picos < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
});

describe('Money', () => {
  it('writes what it read, in the shortest exact form', () => {
    expect(Money.parse('0.000000075').toString()).toBe('0.000000075');
    expect(Money.parse('3.10').toString()).toBe('3.1');
    expect(Money.parse('-0.5').toString()).toBe('-0.5');
    fc.assert(fc.property(amounts, (text) => Money.parse(text).compare(Money.parse(Money.parse(text).toString())) === 0));
  });

  it('reads short amounts as it reads long ones, and refuses what is none', () => {
    const short = fc.string({ unit: fc.constantFrom(...'0012345679.-'.split('')), maxLength: 17 });
    fc.assert(
      fc.property(short, (text) => {
        const [, sign, whole, fraction = ''] = /^(-?)(\d{1,18})(?:\.(\d{1,12}))?$/.exec(text) ?? [];
        if (whole === undefined) {
          expect(() => Money.parse(text)).toThrow(RangeError);
          return;
        }
        const decimals = fraction.replace(/0+$/, '');
        const shortest = `${BigInt(whole)}${decimals === '' ? '' : `.${decimals}`}`;
        expect(Money.parse(text).toString()).toBe(shortest === '0' ? '0' : `${sign}${shortest}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('adds exactly where floats do not', () => {
    expect(Money.parse('0.1').plus(Money.parse('0.2')).toString()).toBe('0.3');
    fc.assert(
      fc.property(amounts, amounts, (a, b) => Money.parse(a).plus(Money.parse(b)).minus(Money.parse(b)).compare(Money.parse(a)) === 0),
    );
  });

  it('charges a token at its share of a price per million without losing a digit', () => {
    expect(Money.parse('0.15').times(1).dividedBy(1_000_000).toString()).toBe('0.00000015');
    expect(Money.parse('0.15').times(1_000_000).dividedBy(1_000_000).toString()).toBe('0.15');
  });

  it('rounds a division up, so a charge is never lost', () => {
    expect(Money.parse('0.000000000001').dividedBy(3).toString()).toBe('0.000000000001');
  });

  it.each(['', '1e3', '0x10', '1.', '.5', '1.0000000000001', 'NaN', ' 1', '1,5'])('refuses %j', (text) => {
    expect(() => Money.parse(text)).toThrow(RangeError);
    expect(Money.isAmount(text)).toBe(false);
  });
});
