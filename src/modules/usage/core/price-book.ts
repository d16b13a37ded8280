import { calcPrice, type ModelPrice as CatalogueRates, TieredPrices } from '@pydantic/genai-prices';
import type { Clock } from '../../../kernel/clock.js';
import { Money } from '../../../kernel/money.js';
import { type ModelPrice, Prices, type TokenUsage } from '../usage.contract.js';

const MILLION = 1_000_000;
/** The bound keeps client-chosen names from filling memory. */
const CACHE_ENTRIES = 2_000;
/** Catalogue prices may change on a day, and some at hours of the day, such as off-peak rates: none changes within a quarter of an hour. */
const CACHE_MS = 15 * 60_000;

/** A price of the operator's own. Amounts per million tokens, and one per request. */
export interface PriceOverride {
  readonly provider: string | null;
  readonly model: string;
  readonly input: Money;
  /** Null: cached tokens cost what other input costs. */
  readonly cachedInput: Money | null;
  readonly output: Money;
  readonly perRequest: Money;
}

/** A rate, or several by how much input the call has. Ascending starts; the last one passed holds for the whole call. */
type Rate = readonly { readonly above: number; readonly price: Money }[];

interface Rates {
  readonly input: Rate;
  readonly cachedInput: Rate;
  readonly cacheWrite: Rate;
  readonly output: Rate;
  readonly perRequest: Money;
}

/**
 * Prices by provider and model: overrides of the operator first (for the provider, then for any), then the catalogue that the
 * `@pydantic/genai-prices` package carries. Figures of the catalogue are read as the decimals they were written as, so costs are exact.
 */
export class PriceBook extends Prices {
  private overrides = new Map<string, PriceOverride>();
  private readonly cache = new Map<string, ModelPrice | null>();
  private cachedQuarter = 0;

  constructor(private readonly clock: Clock) {
    super();
  }

  /** Replaces all overrides. */
  load(overrides: readonly PriceOverride[]): void {
    this.overrides = new Map(overrides.map((override) => [`${override.provider ?? '*'}/${override.model}`, override]));
    this.cache.clear();
  }

  override find(provider: string, model: string): ModelPrice | null {
    const nowMs = this.clock.nowMs();
    const quarter = Math.floor(nowMs / CACHE_MS);
    if (quarter !== this.cachedQuarter || this.cache.size >= CACHE_ENTRIES) this.cache.clear();
    this.cachedQuarter = quarter;
    const key = `${provider}/${model}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const price = this.lookUp(provider, model, new Date(nowMs));
    this.cache.set(key, price);
    return price;
  }

  private lookUp(provider: string, model: string, now: Date): ModelPrice | null {
    const override = this.overrides.get(`${provider}/${model}`) ?? this.overrides.get(`*/${model}`);
    if (override) return { source: 'override', currency: 'USD', cost: (usage) => cost(ratesOf(override), usage) };
    // The usage given here does not matter: only the rates of the answer are read.
    const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, { providerId: provider, timestamp: now });
    const rates = found && catalogueRates(found.model_price);
    return rates ? { source: 'catalogue', currency: 'USD', cost: (usage) => cost(rates, usage) } : null;
  }
}

function flat(price: Money): Rate {
  return [{ above: 0, price }];
}

function ratesOf(override: PriceOverride): Rates {
  const input = flat(override.input);
  return {
    input,
    cachedInput: override.cachedInput ? flat(override.cachedInput) : input,
    cacheWrite: input,
    output: flat(override.output),
    perRequest: override.perRequest,
  };
}

/** Null when the catalogue knows the model but not both of its token prices: half a price is no price. */
function catalogueRates(prices: CatalogueRates): Rates | null {
  const input = rate(prices['input_mtok']);
  const output = rate(prices['output_mtok']);
  if (!input || !output) return null;
  const perThousandRequests = prices['requests_kcount'];
  return {
    input,
    output,
    cachedInput: rate(prices['cache_read_mtok']) ?? input,
    cacheWrite: rate(prices['cache_write_mtok']) ?? input,
    perRequest: typeof perThousandRequests === 'number' ? decimal(perThousandRequests).dividedBy(1000) : Money.ZERO,
  };
}

function rate(value: number | TieredPrices | undefined): Rate | null {
  if (value === undefined) return null;
  if (typeof value === 'number') return flat(decimal(value));
  const tiers = [...value.tiers].sort((a, b) => a.start - b.start);
  return [{ above: 0, price: decimal(value.base) }, ...tiers.map((tier) => ({ above: tier.start, price: decimal(tier.price) }))];
}

function decimal(value: number): Money {
  return Money.parse(value.toFixed(12).replace(/0+$/, '').replace(/\.$/, ''));
}

function at(rate: Rate, inputTokens: number): Money {
  let price = Money.ZERO;
  for (const tier of rate) if (tier.above === 0 || inputTokens > tier.above) price = tier.price;
  return price;
}

function cost(rates: Rates, usage: TokenUsage): Money {
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens, usage.inputTokens - cached);
  const fresh = usage.inputTokens - cached - written;
  return at(rates.input, usage.inputTokens)
    .times(fresh)
    .plus(at(rates.cachedInput, usage.inputTokens).times(cached))
    .plus(at(rates.cacheWrite, usage.inputTokens).times(written))
    .plus(at(rates.output, usage.inputTokens).times(usage.outputTokens))
    .dividedBy(MILLION)
    .plus(rates.perRequest);
}
