import { describe, expect, it } from 'vitest';
import { estimateTokens } from './token-estimate.js';

describe('a token estimate', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['The quick brown fox jumps over the lazy dog.', 11],
    ['你好世界', 4],
    ['こんにちは', 5],
    ['😀', 2],
    ['Съешь ещё этих мягких', 12],
  ])('%j comes to %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it('takes a lone surrogate like any character', () => {
    expect(estimateTokens('\ud800')).toBe(1);
  });
});
