import type { RateLimits } from '../../usage/usage.contract.js';
import type { Exchange } from '../exchange.js';

/**
 * Takes one request and the expected input tokens from the caller's rate limits, or raises `usage/rate_limited`. A stated maximum of
 * output tokens counts too; an assumed one does not, because it would make small limits unusable (peers 5). The true count is booked at the end.
 */
export async function admit(exchange: Exchange, limits: RateLimits): Promise<void> {
  const { principal, received } = exchange;
  const { inputTokensEstimate, maxOutputTokens, choices } = received.read;
  const subject = { organisationId: principal.organisationId, projectId: principal.projectId, keyId: principal.id };
  exchange.ticket = await limits.take(subject, inputTokensEstimate + (maxOutputTokens ?? 0) * choices);
}
