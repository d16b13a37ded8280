import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEmailAddress } from './email-address.js';

const normalOf = (text: string): string | undefined => {
  const address = readEmailAddress(text);
  return 'problem' in address ? undefined : address.normal;
};

describe('readEmailAddress', () => {
  it.each([
    ['Kim@Example.COM', 'kim@example.com'],
    ['  kim@example.com ', 'kim@example.com'],
    ['\uFF2B\uFF29\uFF2D@example.com', 'kim@example.com'],
    ['kim@b\u00fccher.example', 'kim@xn--bcher-kva.example'],
    ['kim@bu\u0308cher.example', 'kim@xn--bcher-kva.example'],
    ['kim@XN--BCHER-KVA.example', 'kim@xn--bcher-kva.example'],
    ['kim+tag@example.co.uk', 'kim+tag@example.co.uk'],
    ['\u0438\u0432\u0430\u043d@\u043f\u0440\u0438\u043c\u0435\u0440.example', '\u0438\u0432\u0430\u043d@xn--e1afmkfd.example'],
    ['\u5c71\u7530\u3055\u304f\u3089@example.jp', '\u5c71\u7530\u3055\u304f\u3089@example.jp'],
  ])('compares %j as %j, and keeps it as written', (text, normal) => {
    expect(readEmailAddress(text)).toEqual({ written: text.trim(), normal });
  });

  it.each(
    [
      ['', '@', 'kim', 'kim@', '@example.com', 'kim@localhost', 'kim@example', 'kim@.example.com', 'kim@exa mple.com', 'ki m@example.com'],
      [
        'kim@[127.0.0.1]',
        'kim@127.0.0.1',
        '"kim"@example.com',
        'kim(a)@example.com',
        '.kim@example.com',
        'kim..x@example.com',
        'kim.@example.com',
      ],
      [
        'kim@example.com\nbcc: x@example.com',
        'kim@example.com, x@example.com',
        '<kim@example.com>',
        'kim@-example.com',
        'kim@example-.com',
      ],
      ['kim\u200b@example.com', 'kim\u202e@example.com', 'kim@exa\u200dmple.com', 'kim\u0000@example.com'],
    ].flat(),
  )('refuses %j', (text) => expect(normalOf(text)).toBeUndefined());

  it.each([
    ['p\u0430ypal@example.com', 'Cyrillic among Latin'],
    ['kim@p\u0430ypal.com', 'Cyrillic among Latin in a label'],
    ['\u03bfne@example.com', 'Greek among Latin'],
    ['\u0438\u03b2@example.com', 'Cyrillic and Greek'],
  ])('refuses %j: %s', (text) => {
    expect(readEmailAddress(text)).toEqual({ problem: expect.stringContaining('scripts') });
  });

  it.each([
    ['a'.repeat(65), 'example.com'],
    ['\u00e9'.repeat(33), 'example.com'],
    ['a', `${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`],
    ['a', `${'b'.repeat(64)}.com`],
  ])('refuses what is longer than the standard allows, in octets', (local, domain) => {
    expect(normalOf(`${local}@${domain}`)).toBeUndefined();
    expect(normalOf(`${'a'.repeat(64)}@example.com`)).toBeDefined();
  });

  it('a compatibility form that grows a hundredfold costs nothing and is refused', () => {
    expect(normalOf(`${'\uFDFA'.repeat(100_000)}@example.com`)).toBeUndefined();
  });

  it('whatever it takes, it takes again unchanged', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.emailAddress(),
          fc.string({ unit: 'grapheme' }).map((local) => `${local}@example.com`),
        ),
        (text) => {
          const normal = normalOf(text);
          if (normal !== undefined) expect(normalOf(normal)).toBe(normal);
        },
      ),
      { numRuns: 300 },
    );
  });
});
