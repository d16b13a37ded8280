import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountId, newId } from '../../../../kernel/ids.js';
import { hashRecoveryCode, newRecoveryCode } from './recovery-code.js';

const USE = 'lethe/recovery-code/1';
const account = newId<AccountId>();

describe('recovery codes', () => {
  it('A1: are each another, of 100 bits in characters that nobody misreads', () => {
    const codes = Array.from({ length: 10 }, newRecoveryCode);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$/);
  });

  it('use every character as often as any other', () => {
    const seen = new Map<string, number>();
    for (let round = 0; round < 2_000; round += 1) {
      for (const digit of newRecoveryCode().replaceAll('-', '')) seen.set(digit, (seen.get(digit) ?? 0) + 1);
    }
    expect(seen.size).toBe(32);
    for (const count of seen.values()) expect(count).toBeGreaterThan(1_000);
  });

  it('are taken as people type them', () => {
    const kept = hashRecoveryCode(USE, account, '10l0a-bcdef-gh1k0-12345');
    for (const typed of ['1O1OABCDEFGHIKo12345', ' 10L0a bcdef gh1k0 12345\n', '1010a-bcdef-ghik0-12345']) {
      expect(hashRecoveryCode(USE, account, typed)).toEqual(kept);
    }
  });

  it('A1: are kept as a hash that opens no other account, and serves no other use', () => {
    const code = newRecoveryCode();
    expect(hashRecoveryCode(USE, account, code)).toHaveLength(32);
    expect(hashRecoveryCode('lethe/password-recovery-code/1', account, code)).not.toEqual(hashRecoveryCode(USE, account, code));
    expect(hashRecoveryCode(USE, newId<AccountId>(), code)).not.toEqual(hashRecoveryCode(USE, account, code));
  });

  it('are refused unhashed when they are none', () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        const plain = typed.toLowerCase().replace(/[\s-]/g, '');
        fc.pre(!/^[0-9a-z]{20}$/.test(plain));
        expect(hashRecoveryCode(USE, account, typed)).toBeNull();
      }),
    );
  });
});
