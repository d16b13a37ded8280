import { kernelErrors } from '../../kernel/errors.js';
import type { OrganisationId } from '../../kernel/ids.js';
import type { Principal } from './principal.js';

/**
 * The organisation a query is limited to (A3): a service key's own; for an operator the one asked for, or undefined for all.
 * Asking for another organisation with a service key is answered 404, as is asking for one that does not exist.
 */
export function organisationScope(principal: Principal, requested?: OrganisationId): OrganisationId | undefined {
  if (principal.kind === 'operator') return requested;
  if (requested !== undefined && requested !== principal.organisationId) throw kernelErrors.not_found();
  return principal.organisationId;
}
