import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../kernel/clock.js';
import { Money } from '../../../kernel/money.js';
import type { ModelPrice, TokenUsage } from '../usage.contract.js';
import { PriceBook, type PriceOverride } from './price-book.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const nothing: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };

function book(overrides: readonly Partial<PriceOverride>[] = [], clock = new ManualClock(NOW)): PriceBook {
  const prices = new PriceBook(clock);
  const free = { provider: null, model: 'm', input: Money.ZERO, cachedInput: null, output: Money.ZERO, perRequest: Money.ZERO };
  prices.load(overrides.map((override) => ({ ...free, ...override })));
  return prices;
}

function priceOf(provider: string, model: string, prices = book()): ModelPrice {
  const price = prices.find(provider, model);
  if (!price) throw new Error(`the catalogue has no price for ${provider}/${model}`);
  return price;
}

const cost = (price: ModelPrice, usage: Partial<TokenUsage>) => price.cost({ ...nothing, ...usage }).toString();

const usages: fc.Arbitrary<TokenUsage> = fc
  .record({
    fresh: fc.nat(400_000),
    cachedInputTokens: fc.nat(400_000),
    cacheWriteTokens: fc.nat(100_000),
    outputTokens: fc.nat(200_000),
    reasoningTokens: fc.nat(1_000),
  })
  .map(({ fresh, ...usage }) => ({ ...usage, inputTokens: fresh + usage.cachedInputTokens + usage.cacheWriteTokens }));

const priced = [
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-4o'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['google', 'gemini-2.5-pro'],
  ['groq', 'llama-3.3-70b-versatile'],
  ['deepseek', 'deepseek-chat'],
] as const;

describe('the price book', () => {
  it.each(priced)('costs of %s %s are those of the catalogue, without its float error', (provider, model) => {
    const price = priceOf(provider, model);
    fc.assert(
      fc.property(usages, (usage) => {
        const float = calcPrice(
          {
            input_tokens: usage.inputTokens,
            cache_read_tokens: usage.cachedInputTokens,
            cache_write_tokens: usage.cacheWriteTokens,
            output_tokens: usage.outputTokens,
          },
          model,
          { providerId: provider, timestamp: new Date(NOW) },
        );
        expect(Number(price.cost(usage).toString())).toBeCloseTo(float?.total_price ?? Number.NaN, 9);
      }),
    );
  });

  it('is exact: a million single tokens cost what a million tokens cost', () => {
    const price = priceOf('openai', 'gpt-4o-mini');
    expect(cost(price, { inputTokens: 1 })).toBe('0.00000015');
    expect(
      price
        .cost({ ...nothing, inputTokens: 1 })
        .times(1_000_000)
        .toString(),
    ).toBe(cost(price, { inputTokens: 1_000_000 }));
  });

  it('a long input makes the whole call dearer, from the first token over the tier', () => {
    const price = priceOf('google', 'gemini-2.5-pro');
    expect(cost(price, { inputTokens: 200_000 })).toBe('0.25');
    expect(cost(price, { inputTokens: 200_001 })).toBe('0.5000025');
    expect(cost(price, { inputTokens: 200_001, outputTokens: 1_000_000 })).toBe('15.5000025');
  });

  it('cached tokens and tokens written to the cache have their own price, and are inside the input', () => {
    const price = priceOf('anthropic', 'claude-sonnet-4-5');
    expect(cost(price, { inputTokens: 1_000 })).toBe('0.003');
    expect(cost(price, { inputTokens: 1_000, cachedInputTokens: 1_000 })).toBe('0.0003');
    expect(cost(price, { inputTokens: 1_000, cacheWriteTokens: 1_000 })).toBe('0.00375');
    expect(cost(price, { inputTokens: 1_000, cachedInputTokens: 400, cacheWriteTokens: 300 })).toBe('0.002145');
  });

  it('a provider that reports more cached tokens than input is charged for the input, never below zero', () => {
    const price = priceOf('openai', 'gpt-4o-mini');
    expect(cost(price, { inputTokens: 10, cachedInputTokens: 50, cacheWriteTokens: 50 })).toBe(
      cost(price, { inputTokens: 10, cachedInputTokens: 10 }),
    );
  });

  it.each(priced)('costs of %s %s are never negative and never fall with more tokens', (provider, model) => {
    const price = priceOf(provider, model);
    fc.assert(
      fc.property(usages, fc.nat(1_000), fc.nat(1_000), (usage, input, output) => {
        const less = price.cost(usage);
        const more = price.cost({ ...usage, inputTokens: usage.inputTokens + input, outputTokens: usage.outputTokens + output });
        expect(less.isNegative()).toBe(false);
        expect(more.compare(less)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('peers 11: an unknown price is null, not zero: of an unknown model, and of a known model at an unknown provider', () => {
    expect(book().find('openai', 'no-such-model')).toBeNull();
    expect(book().find('no-such-provider', 'gpt-4o-mini')).toBeNull();
  });

  it('peers 11: a price of zero that was set is a price', () => {
    expect(cost(priceOf('own', 'm', book([{ model: 'm' }])), { inputTokens: 5, outputTokens: 5 })).toBe('0');
  });

  it("an operator's price for a provider comes before one for any, and both before the catalogue", () => {
    const any = { provider: null, model: 'gpt-4o-mini', input: Money.parse('7') };
    const own = { provider: 'openai', model: 'gpt-4o-mini', input: Money.parse('9') };
    const prices = book([any, own]);
    expect(priceOf('openai', 'gpt-4o-mini', prices)).toMatchObject({ source: 'override', currency: 'USD' });
    expect(cost(priceOf('openai', 'gpt-4o-mini', prices), { inputTokens: 1_000_000 })).toBe('9');
    expect(cost(priceOf('azure', 'gpt-4o-mini', prices), { inputTokens: 1_000_000 })).toBe('7');
    prices.load([]);
    expect(priceOf('openai', 'gpt-4o-mini', prices).source).toBe('catalogue');
  });

  it('a price per request is charged once, also when no token was used', () => {
    const price = priceOf('own', 'm', book([{ perRequest: Money.parse('0.01'), output: Money.parse('2') }]));
    expect(cost(price, {})).toBe('0.01');
    expect(cost(price, { outputTokens: 1_000_000 })).toBe('2.01');
  });

  it('an override without a price for cached tokens charges them as other input', () => {
    expect(cost(priceOf('own', 'm', book([{ input: Money.parse('2') }])), { inputTokens: 1_000_000, cachedInputTokens: 500_000 })).toBe(
      '2',
    );
    const cheaper = book([{ input: Money.parse('2'), cachedInput: Money.parse('1') }]);
    expect(cost(priceOf('own', 'm', cheaper), { inputTokens: 1_000_000, cachedInputTokens: 500_000 })).toBe('1.5');
  });

  it('a price that changes at an hour of the day is the right one at every hour', () => {
    const at = (hour: string) =>
      cost(priceOf('deepseek', 'deepseek-chat', book([], new ManualClock(Date.parse(`2025-06-01T${hour}Z`)))), { outputTokens: 1_000_000 });
    const clock = new ManualClock(Date.parse('2025-06-01T16:20:00Z'));
    const prices = book([], clock);
    const seen = new Set<string>();
    for (let quarter = 0; quarter < 8; quarter += 1) {
      const now = cost(priceOf('deepseek', 'deepseek-chat', prices), { outputTokens: 1_000_000 });
      expect(now).toBe(at(clock.now().toISOString().slice(11, 23)));
      seen.add(now);
      clock.advance(5 * 60_000);
    }
    expect(seen.size).toBe(2);
  });

  it('names made up by clients do not fill the memory', () => {
    const prices = book();
    for (let n = 0; n < 10_000; n += 1) prices.find('openai', `made-up-${n}`);
    expect((prices as unknown as { cache: Map<string, unknown> }).cache.size).toBeLessThanOrEqual(2_000);
  });
});
