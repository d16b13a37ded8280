import { describe, expect, it } from 'vitest';
import { hashSecret, isSecretShaped, newSecret } from './secrets.js';

describe('a secret', () => {
  it('is known by its shape, and kept as 32 bytes that are its own', () => {
    const [one, other] = [newSecret(), newSecret()];
    expect([one, other].every(isSecretShaped)).toBe(true);
    expect(hashSecret(one)).toHaveLength(32);
    expect(hashSecret(one).equals(hashSecret(one))).toBe(true);
    expect(hashSecret(one).equals(hashSecret(other))).toBe(false);
  });

  it.each(['', 'a', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, 7, null, undefined])('%j is none', (text) => {
    expect(isSecretShaped(text)).toBe(false);
  });
});
