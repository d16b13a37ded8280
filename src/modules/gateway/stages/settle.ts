import type { Clock } from '../../../kernel/clock.js';
import { Money } from '../../../kernel/money.js';
import type { Log } from '../../../platform/telemetry/logger.js';
import type { CallSettlement, ModelPrice, Prices, TokenUsage } from '../../usage/usage.contract.js';
import type { AnswerFacts } from '../dialects/dialect.js';
import type { Exchange } from '../exchange.js';
import type { ProviderRegistry } from '../providers/provider-registry.js';
import type { AttemptEnd } from '../upstream/upstream-call.js';
import type { AttemptsEnd } from './attempt.js';
import { priceOf } from './record.js';
import { streamError } from './relay.js';

export interface SettleParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly prices: Prices;
  readonly providers: ProviderRegistry;
}

const NOTHING: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/**
 * Usage → cost → ledger, before the client's last byte. What the provider reported counts, an explicit zero included; what it did
 * not report is measured from what passed; what nobody can know is unknown, which is neither zero nor a guess (peers 11 and 12).
 */
export async function settle(exchange: Exchange, ended: AttemptsEnd, parts: SettleParts): Promise<void> {
  const settlement = settlementOf(exchange, ended, parts);
  exchange.settlement = settlement;
  const { usage } = settlement;
  if (usage) exchange.ticket?.adjust(usage.inputTokens + usage.outputTokens);
  await exchange.call.settle(settlement);
}

function settlementOf(exchange: Exchange, ended: AttemptsEnd, parts: SettleParts): CallSettlement {
  const { end, target } = ended;
  const facts = end.kind === 'failed' ? null : end.kind === 'whole' ? end.facts : end.tap.facts;
  const known = facts ? usageOfAnswer(exchange, facts) : usageOfFailure(ended.mayHaveBilled);
  const price = facts ? priceOf(target, parts) : null;
  const cost = known.source === 'none' ? Money.ZERO : costOf(known.usage, price, parts.log);
  return {
    ...outcomeOf(exchange, end),
    finishReason: stored(facts?.finishReason),
    provider: target.provider,
    upstreamModel: target.model,
    credentialId: target.credentialId,
    upstreamRequestId: end.kind === 'failed' ? null : stored(end.answer.headers['x-request-id']),
    usageSource: known.source,
    usage: known.usage,
    cost,
    priceSource: price?.source ?? null,
    latencyMs: Math.round(parts.clock.monotonicMs() - exchange.beganMs),
    firstTokenMs: exchange.firstTokenMs,
    attempts: exchange.attempts,
  };
}

/** Figures a price cannot be worked out for leave the cost unknown: the call is settled all the same. */
function costOf(usage: TokenUsage | null, price: ModelPrice | null, log: Log): Money | null {
  try {
    return usage && price ? price.cost(usage) : null;
  } catch (error) {
    log.error('the cost of a call cannot be worked out', { err: error });
    return null;
  }
}

interface KnownUsage {
  readonly source: CallSettlement['usageSource'];
  readonly usage: TokenUsage | null;
}

function usageOfAnswer(exchange: Exchange, facts: AnswerFacts): KnownUsage {
  if (facts.usage) return { source: 'reported', usage: facts.usage };
  const measured = { ...NOTHING, inputTokens: exchange.received.read.inputTokensEstimate, outputTokens: facts.outputTokensEstimate };
  return { source: 'measured', usage: measured };
}

/** A refusal costs nothing. A call that was sent and never answered may have cost its provider's price: nobody here knows. */
function usageOfFailure(mayHaveBilled: boolean): KnownUsage {
  return mayHaveBilled ? { source: 'unknown', usage: null } : { source: 'none', usage: NOTHING };
}

function outcomeOf(exchange: Exchange, end: AttemptEnd): Pick<CallSettlement, 'outcome' | 'httpStatus' | 'errorCode'> {
  if (end.kind === 'failed') {
    const outcome = exchange.clientGone ? 'disconnected' : 'failed';
    return { outcome, httpStatus: exchange.clientGone ? null : end.failure.error.status, errorCode: end.failure.error.code };
  }
  const error = end.kind === 'streamed' ? streamError(end.end) : null;
  if (exchange.clientGone) return { outcome: 'disconnected', httpStatus: exchange.committed ? 200 : null, errorCode: error?.code ?? null };
  if (error) return { outcome: 'cut', httpStatus: 200, errorCode: error.code };
  const failed = end.kind === 'streamed' && end.end === 'error';
  return { outcome: failed ? 'failed' : 'succeeded', httpStatus: 200, errorCode: failed ? 'gateway/upstream_failed' : null };
}

/** A provider's own word as the ledger may hold it: short, and nothing Postgres cannot store. */
function stored(word: string | string[] | null | undefined): string | null {
  return typeof word === 'string' && /^[\x20-\x7e]{1,200}$/.test(word) ? word : null;
}
