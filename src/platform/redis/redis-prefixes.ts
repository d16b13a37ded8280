import { assert } from '../../kernel/assert.js';

declare const declaredPrefix: unique symbol;

/** What keys of one part of Redis begin with; there is none that nobody declared. */
export type RedisPrefix = string & { readonly [declaredPrefix]: true };

const PREFIX = /^[a-z0-9-]+:([a-z0-9-]+:)+$/;

const declared = new Set<string>();

/**
 * Declares a part of Redis, such as `lethe:rate:`: the installation, what the part is for, and a colon behind each. No prefix begins with another,
 * so every key is in one part.
 */
export function declareRedisPrefix(prefix: string): RedisPrefix {
  assert(PREFIX.test(prefix), `"${prefix}" is no prefix of Redis keys: words of lower-case letters, digits and -, a colon behind each`);
  for (const other of declared) {
    assert(other === prefix || !(other.startsWith(prefix) || prefix.startsWith(other)), `"${prefix}" and "${other}" overlap`);
  }
  declared.add(prefix);
  return prefix as RedisPrefix;
}

/** Stops at a prefix that nobody declared: nothing is kept that nobody answers for (D1). Whoever writes keys gets their beginning here. */
export function requireRedisPrefix(prefix: string): RedisPrefix {
  assert(declared.has(prefix), `no part of Redis is declared as "${prefix}"`);
  return prefix as RedisPrefix;
}

/** All declared prefixes, sorted. */
export function declaredRedisPrefixes(): readonly string[] {
  return [...declared].sort();
}
