import fc from 'fast-check';
import { Secret, TOTP, URI } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { newTotpSecret, stepAt, stepOfCode, totpEnrolment } from './totp.js';

const STEP_MS = 30_000;
/** RFC 6238 appendix B, SHA-1; its eight digits end in our six. */
const VECTORS = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;
const RFC_SECRET = Buffer.from('12345678901234567890');

describe('TOTP', () => {
  it.each(VECTORS)('A1: knows the code of RFC 6238 at second %i', (second, code) => {
    expect(stepOfCode(RFC_SECRET, code, second * 1_000)).toBe(Math.floor(second / 30));
  });

  it('A1: takes a code one step early or late, says which step it was, and no further', () => {
    const nowMs = 1_763_700_000_000 + 12_345;
    const secret = newTotpSecret();
    const enrolled = URI.parse(totpEnrolment(secret, { issuer: 'Lethe', label: 'a' }).uri) as TOTP;
    const at = (steps: number): string => enrolled.generate({ timestamp: nowMs + steps * STEP_MS });
    for (const steps of [-1, 0, 1]) expect(stepOfCode(secret, at(steps), nowMs)).toBe(stepAt(nowMs) + steps);
    const near = new Set([at(-1), at(0), at(1)]);
    for (const steps of [-3, -2, 2, 3].filter((far) => !near.has(at(far)))) expect(stepOfCode(secret, at(steps), nowMs)).toBeNull();
  });

  it('A1: refuses whatever is not a code of these three steps, in any form', () => {
    const good = [0, 1, 2].map((step) =>
      TOTP.generate({ secret: Secret.fromLatin1(RFC_SECRET.toString('latin1')), timestamp: step * STEP_MS }),
    );
    const anything = fc.oneof(fc.string(), fc.stringMatching(/^\d{6}$/), fc.string({ unit: 'binary', minLength: 6, maxLength: 6 }));
    fc.assert(
      fc.property(anything, (code) => {
        expect(stepOfCode(RFC_SECRET, code, 59_000)).toBe(good.includes(code) ? good.indexOf(code) : null);
      }),
    );
    for (const code of ['', ' 287082', '287082 ', '２８７０８２', '287082\n', '94287082'])
      expect(stepOfCode(RFC_SECRET, code, 59_000)).toBeNull();
  });

  it('shows an app where the secret is for, whatever stands in the names', () => {
    const secret = newTotpSecret();
    const shown = totpEnrolment(secret, { issuer: 'Lethe & Co: EU', label: 'ann+test@example.org' });
    const read = URI.parse(shown.uri) as TOTP;
    expect(read).toMatchObject({ issuer: 'Lethe & Co  EU', label: 'ann+test@example.org', algorithm: 'SHA1', digits: 6, period: 30 });
    expect(Buffer.from(read.secret.bytes)).toEqual(secret);
    expect(shown.secret).toBe(read.secret.base32);
    expect(shown.secret).toHaveLength(32);
  });

  it('makes a secret of 160 bits, another each time', () => {
    expect(newTotpSecret()).toHaveLength(20);
    expect(newTotpSecret()).not.toEqual(newTotpSecret());
  });
});
