import { describe, expect, it } from 'vitest';
import { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { checkedBaseUrl, hintOf, secretBytes } from './provider-secret.js';

const addresses = new OutboundAddresses([]);
const field = (name: string) => ({ status: 400, details: { errors: [{ field: name, message: expect.any(String) as string }] } });

describe('a provider secret', () => {
  it.each([
    ['sk-12345', ''],
    ['sk-1234567890-abcde', ''],
    ['sk-1234567890-abcdef', '…cdef'],
  ])('K2: of %s the hint shows %j', (secret, hint) => {
    expect(hintOf(secret)).toBe(hint);
  });

  it.each(['short12', 'with space in it', 'trailing-newline\n', 'nul\u0000inside', 'ünïcödé-secret', 'x'.repeat(4097), ''])(
    'K2: an unusable secret is refused by field and not repeated (%#)',
    (secret) => {
      const error = refusal(() => secretBytes(secret));
      expect(error).toMatchObject(field('secret'));
      if (secret !== '') expect(JSON.stringify(error)).not.toContain(secret.trim());
    },
  );

  it('takes 8 to 4096 visible characters as they are', () => {
    expect(secretBytes('!~sk-123').toString()).toBe('!~sk-123');
    expect(secretBytes('x'.repeat(4096))).toHaveLength(4096);
  });
});

describe('a base URL', () => {
  it('goes with the provider: required for openai_compatible, refused for stand_in, optional for openai', () => {
    expect(refusal(() => checkedBaseUrl(addresses, 'openai_compatible', undefined))).toMatchObject(field('baseUrl'));
    expect(refusal(() => checkedBaseUrl(addresses, 'stand_in', 'https://api.example.com'))).toMatchObject(field('baseUrl'));
    expect(checkedBaseUrl(addresses, 'openai', null)).toBeNull();
    expect(checkedBaseUrl(addresses, 'openai', 'https://eu.api.openai.com/v1/')).toBe('https://eu.api.openai.com/v1');
  });

  it.each([
    'http://169.254.169.254/latest',
    'https://10.0.0.1/v1',
    'http://localhost:8080',
    'ftp://example.com',
    'https://u:p@example.com',
  ])('may not lead into a private network or hide what it is: %s', (url) => {
    expect(refusal(() => checkedBaseUrl(addresses, 'openai_compatible', url))).toMatchObject({
      ...field('baseUrl'),
      code: expect.stringMatching(/^outbound\//) as string,
    });
  });
});

function refusal(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
