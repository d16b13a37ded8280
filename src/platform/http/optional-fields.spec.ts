import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { OptionalAddress, OptionalFlag, OptionalText, OptionalTexts } from './optional-fields.js';

class Body {
  @OptionalFlag()
  flag?: unknown;

  @OptionalAddress()
  address?: unknown;

  @OptionalText({ maxLength: 3 })
  text?: unknown;

  @OptionalTexts({ maxItems: 2, maxLength: 3 })
  texts?: unknown;
}

/** What is said against a body, by field. */
const faults = (body: object) =>
  Object.fromEntries(validateSync(plainToInstance(Body, body)).map((each) => [each.property, Object.values(each.constraints ?? {})]));

describe('a field that may be left out', () => {
  it('may be', () => {
    expect(faults({})).toEqual({});
  });

  it('keeps to its rules when it is given', () => {
    expect(faults({ flag: false, address: 'https://id.example.com', text: 'abc', texts: [] })).toEqual({});
    expect(Object.keys(faults({ flag: 'false', address: ' ', text: 'abcd', texts: ['abc', 'abcd'] }))).toEqual([
      'flag',
      'address',
      'text',
      'texts',
    ]);
    expect(faults({ address: 'a'.repeat(2_001), texts: ['a', 'b', 'c'] })).toMatchObject({ texts: ['must have at most 2 entries'] });
    expect(faults({ texts: 'a' })['texts']?.at(-1)).toBe('must be a list');
  });

  it('is not left out by null, but for text, which is none then', () => {
    expect(Object.keys(faults({ flag: null, address: null, text: null, texts: null }))).toEqual(['flag', 'address', 'texts']);
  });
});
