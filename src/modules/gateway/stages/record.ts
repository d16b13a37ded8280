import type { Money } from '../../../kernel/money.js';
import type { RouteTarget } from '../../routing/routing.contract.js';
import type { CallLedger, EndUsers, ModelPrice, Prices } from '../../usage/usage.contract.js';
import type { Exchange } from '../exchange.js';
import type { ProviderRegistry } from '../providers/provider-registry.js';

export interface RecordParts {
  readonly ledger: CallLedger;
  readonly endUsers: EndUsers;
  readonly prices: Prices;
  readonly providers: ProviderRegistry;
  readonly defaultMaxOutputTokens: number;
}

/**
 * Makes the intent durable, with a hold for the most that any target of the route would cost. From here on the call is in the ledger,
 * whatever happens. Raises `usage/budget_exceeded`, `usage/price_unknown`, `usage/ledger_unavailable`, and
 * `usage/end_users_not_ready` of a call that names an end user.
 */
export async function record(exchange: Exchange, parts: RecordParts): Promise<void> {
  const { principal, received } = exchange;
  const { endUser } = received.read;
  exchange.call = await parts.ledger.open({
    id: exchange.id,
    organisationId: principal.organisationId,
    projectId: principal.projectId,
    keyId: principal.id,
    startedAtMs: exchange.startedAtMs,
    operation: 'chat',
    requestedModel: received.read.model,
    stream: received.read.stream,
    clientRequestId: received.clientRequestId,
    endUserId: endUser === null ? null : parts.endUsers.idOf(principal.organisationId, endUser),
    hold: holdFor(exchange, parts),
  });
}

/** The price of a target, by the id the catalogue and overrides know its provider by. */
export function priceOf(target: RouteTarget, parts: Pick<RecordParts, 'prices' | 'providers'>): ModelPrice | null {
  const provider = parts.providers.find(target.provider);
  return parts.prices.find(provider?.catalogueId ?? target.provider, target.model);
}

/** Null when the price of some target is unknown: then the most the call may cost is unknown too. */
function holdFor(exchange: Exchange, parts: RecordParts): Money | null {
  const { inputTokensEstimate, maxOutputTokens, choices } = exchange.received.read;
  const most = {
    inputTokens: inputTokensEstimate,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: (maxOutputTokens ?? parts.defaultMaxOutputTokens) * choices,
    reasoningTokens: 0,
  };
  let hold: Money | null = null;
  for (const target of exchange.plan.targets) {
    const cost = priceOf(target, parts)?.cost(most);
    if (!cost) return null;
    if (!hold || cost.compare(hold) > 0) hold = cost;
  }
  return hold;
}
