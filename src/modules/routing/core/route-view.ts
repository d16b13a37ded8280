import type { RouteWithTargets } from '../data/routes.repository.js';
import type { RouteView } from '../routing.contract.js';

/** A stored route as its owner sees it. */
export function toRouteView({ id, organisationId, projectId, model, targets, createdAt, updatedAt }: RouteWithTargets): RouteView {
  const shown = targets.map(({ credentialId, upstreamModel }) => ({ credentialId, upstreamModel }));
  return { id, organisationId, projectId, model, targets: shown, createdAt, updatedAt };
}
