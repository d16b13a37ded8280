import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeKeyContext, lengthPrefixed } from './key-context.js';

describe('key context', () => {
  it('encodes different lists of parts to different bytes, however the parts are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        const same = a.length === b.length && a.every((part, at) => Buffer.from(part).equals(Buffer.from(b[at] ?? '')));
        expect(lengthPrefixed(a).equals(lengthPrefixed(b))).toBe(same);
      }),
    );
    expect(lengthPrefixed(['ab', 'c'])).not.toEqual(lengthPrefixed(['a', 'bc']));
  });

  it('does not depend on the order in which the fields were written', () => {
    expect(encodeKeyContext({ a: '1', b: '2' })).toEqual(encodeKeyContext({ b: '2', a: '1' }));
    expect(encodeKeyContext({ a: '1', b: '2' })).not.toEqual(encodeKeyContext({ a: '2', b: '1' }));
  });
});
