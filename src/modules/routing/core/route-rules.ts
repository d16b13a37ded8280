import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import type { CredentialId, ProjectId } from '../../../kernel/ids.js';
import type { NewRoute, RouteView } from '../routing.contract.js';

/** Visible ASCII without `*`, but for one at the end. */
export const ROUTE_MODEL = /^(?:[!-)+-~]{1,200}\*?|\*)$/;
export const ROUTE_MODEL_RULE = 'must be a model name of at most 200 visible ASCII characters, or the beginning of one followed by "*"';
export const UPSTREAM_MODEL = /^[!-)+-~]{1,200}$/;
export const UPSTREAM_MODEL_RULE = 'must be a model name of at most 200 visible ASCII characters, without "*"';
export const MAX_TARGETS = 10;

/** The part of a route that its owner decides. */
export type RouteDefinition = Pick<RouteView, 'model' | 'projectId' | 'targets'>;

/** `route` in its stored form. Raises a 400 that names every field that is wrong. */
export function routeDefinition(route: NewRoute): RouteDefinition {
  const targets = route.targets.map(({ credentialId, upstreamModel }) => ({
    // Postgres writes ids in lower case, whatever the caller wrote.
    credentialId: credentialId.toLowerCase() as CredentialId,
    upstreamModel: upstreamModel ?? null,
  }));
  const errors: FieldError[] = [];
  if (!ROUTE_MODEL.test(route.model)) errors.push({ field: 'model', message: ROUTE_MODEL_RULE });
  if (targets.length < 1 || targets.length > MAX_TARGETS)
    errors.push({ field: 'targets', message: `must have 1 to ${MAX_TARGETS} targets` });
  const seen = new Set<string>();
  for (const [index, { credentialId, upstreamModel }] of targets.entries()) {
    if (upstreamModel !== null && !UPSTREAM_MODEL.test(upstreamModel)) {
      errors.push({ field: `targets[${index}].upstreamModel`, message: UPSTREAM_MODEL_RULE });
    }
    const place = `${credentialId} ${upstreamModel}`;
    if (seen.has(place)) errors.push({ field: `targets[${index}]`, message: 'repeats an earlier target' });
    seen.add(place);
  }
  if (errors.length > 0) throw invalidRequest(errors);
  return { model: route.model, projectId: (route.projectId?.toLowerCase() as ProjectId | undefined) ?? null, targets };
}

/** Raises a 400 that names each target whose credential is not among `existing`. */
export function requireCredentials(targets: RouteDefinition['targets'], existing: ReadonlySet<CredentialId>): void {
  const errors = targets.flatMap(({ credentialId }, index) =>
    existing.has(credentialId)
      ? []
      : [{ field: `targets[${index}].credentialId`, message: 'must be a credential of the same organisation' }],
  );
  if (errors.length > 0) throw invalidRequest(errors);
}
