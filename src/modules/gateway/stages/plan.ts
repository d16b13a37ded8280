import type { RoutePlanner } from '../../routing/routing.contract.js';
import type { Exchange } from '../exchange.js';
import { gatewayErrors } from '../gateway.errors.js';

/** Model → ordered targets. Raises `gateway/model_not_found` when no route leads there, or none of its credentials is usable. */
export function plan(exchange: Exchange, routes: RoutePlanner): void {
  const found = routes.plan(exchange.principal, exchange.received.read.model);
  if (!found || found.targets.length === 0) throw gatewayErrors.model_not_found();
  exchange.plan = found;
}
