import { describe, expect, it } from 'vitest';
import { readUsage } from './openai-chat-usage.js';

describe('usage in the shapes of OpenAI-compatible providers', () => {
  it.each([
    [
      'DeepSeek',
      { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 5 },
      { inputTokens: 9, cachedInputTokens: 4 },
    ],
    ['Moonshot', { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 3 }, { inputTokens: 9, cachedInputTokens: 3 }],
    [
      'DashScope with explicit cache',
      { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 2, cache_creation_input_tokens: 6 } },
      { cachedInputTokens: 2, cacheWriteTokens: 6 },
    ],
    [
      'OpenAI with audio',
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        prompt_tokens_details: { audio_tokens: 8 },
        completion_tokens_details: { audio_tokens: 4 },
      },
      { audioInputTokens: 8, audioOutputTokens: 4 },
    ],
    ['a total with one side only', { prompt_tokens: 9, total_tokens: 12 }, { inputTokens: 9, outputTokens: 3 }],
    ['a total with the other side only', { completion_tokens: 2, total_tokens: 12 }, { inputTokens: 10, outputTokens: 2 }],
    [
      'more cached than there was',
      { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 157 } },
      { cachedInputTokens: 9 },
    ],
  ])('%s', (_, raw, expected) => {
    expect(readUsage(raw, {})).toMatchObject(expected);
  });

  it('peers 11: is null when it names neither side, and zero when it says zero', () => {
    for (const raw of [
      {},
      { total_tokens: 5 },
      { prompt_tokens: null },
      { prompt_tokens: '5' },
      { prompt_tokens: -5 },
      { completion_tokens: 1.5 },
    ]) {
      expect(readUsage(raw, {})).toBeNull();
    }
    expect(readUsage({ prompt_tokens: 0, completion_tokens: 0 }, {})).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  });
});
