import { invalidRequest, kernelErrors } from '../../kernel/errors.js';
import type { OrganisationId } from '../../kernel/ids.js';
import { httpErrors } from './http.errors.js';
import type { Permission } from './permissions.js';
import type { OperatorPrincipal, Principal } from './principal.js';

/**
 * The organisation a query is limited to (A3): a service key's own; for an operator the one asked for, or undefined for all; for a person the one
 * asked for, or their only one. Asking for an organisation one has no part in is answered 404, as is asking for one that does not exist.
 */
export function organisationScope(principal: Principal, requested?: OrganisationId): OrganisationId | undefined {
  if (principal.kind === 'operator') return withinReach(principal, requested);
  const organisationId = requested ?? ownOrganisation(principal);
  const isOwn = principal.kind === 'account' ? principal.memberships.has(organisationId) : organisationId === principal.organisationId;
  if (!isOwn) throw kernelErrors.not_found();
  return organisationId;
}

/**
 * What a caller may do in an organisation, or outside any. A person may there what their role allows. Raises `lethe/not_found` for an organisation
 * a person has no part in, before anything is said of permissions.
 */
export function permissionsIn(principal: Principal, organisationId: OrganisationId | undefined): ReadonlySet<Permission> {
  if (principal.kind !== 'account' || organisationId === undefined) return principal.permissions;
  const held = principal.memberships.get(organisationId);
  if (held === undefined) throw kernelErrors.not_found();
  return held.permissions;
}

/** The guard has let the request pass already; this holds for whatever reaches further than its address said. */
function withinReach({ reach }: OperatorPrincipal, requested: OrganisationId | undefined): OrganisationId | undefined {
  if (reach !== 'everywhere' && (requested === undefined || !reach.has(requested))) throw httpErrors.forbidden();
  return requested;
}

function ownOrganisation(principal: Exclude<Principal, { kind: 'operator' }>): OrganisationId {
  if (principal.kind === 'service_key') return principal.organisationId;
  const [first, ...others] = principal.memberships.keys();
  if (first === undefined) throw kernelErrors.not_found();
  if (others.length > 0)
    throw invalidRequest([{ field: 'organisationId', message: 'must name one of your organisations: you have several' }]);
  return first;
}
