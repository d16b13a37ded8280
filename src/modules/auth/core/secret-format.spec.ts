import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashSecret } from '../../../kernel/secrets.js';
import { API_KEY_PREFIX, hasSecretShape, hintOf, isIssuable, issueSecret, OPERATOR_TOKEN_PREFIX } from './secret-format.js';

describe('secrets', () => {
  it('have their prefix, 49 letters and digits, and never repeat', () => {
    const secrets = Array.from({ length: 500 }, () => issueSecret(API_KEY_PREFIX));
    for (const secret of secrets) {
      expect(secret).toMatch(/^lethe_sk_[0-9A-Za-z]{49}$/);
      expect(isIssuable(secret, API_KEY_PREFIX)).toBe(true);
    }
    expect(new Set(secrets).size).toBe(500);
  });

  it('are told apart by kind', () => {
    expect(isIssuable(issueSecret(OPERATOR_TOKEN_PREFIX), API_KEY_PREFIX)).toBe(false);
    expect(isIssuable(issueSecret(API_KEY_PREFIX), OPERATOR_TOKEN_PREFIX)).toBe(false);
  });

  it('are refused without a look-up when one character is wrong, missing or too many', () => {
    const secret = issueSecret(API_KEY_PREFIX);
    for (let at = 0; at < secret.length; at += 1) {
      const wrong = secret.slice(0, at) + (secret[at] === 'x' ? 'y' : 'x') + secret.slice(at + 1);
      expect(isIssuable(wrong, API_KEY_PREFIX)).toBe(false);
    }
    for (const wrong of [secret.slice(1), secret.slice(0, -1), `${secret}0`, ` ${secret}`, `${secret}\n`, '', API_KEY_PREFIX]) {
      expect(isIssuable(wrong, API_KEY_PREFIX)).toBe(false);
    }
  });

  it('are refused when they are garbage of the right length', () => {
    for (let round = 0; round < 200; round += 1) {
      const garbage = API_KEY_PREFIX + randomBytes(60).toString('base64').slice(0, 49);
      expect(hasSecretShape(garbage, API_KEY_PREFIX)).toBe(true);
      expect(isIssuable(garbage, API_KEY_PREFIX)).toBe(false);
    }
    expect(isIssuable(API_KEY_PREFIX + '\u{1F600}'.repeat(24) + 'x', API_KEY_PREFIX)).toBe(false);
  });

  it('K4: are kept as SHA-256 and shown by their last four characters', () => {
    const secret = issueSecret(API_KEY_PREFIX);
    expect(hashSecret(secret)).toHaveLength(32);
    expect(hashSecret(secret).equals(hashSecret(secret))).toBe(true);
    expect(hintOf(secret)).toBe(secret.slice(-4));
  });
});
