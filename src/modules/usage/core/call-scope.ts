import { kernelErrors } from '../../../kernel/errors.js';
import type { OrganisationId, ProjectId } from '../../../kernel/ids.js';
import { organisationScope } from '../../../platform/http/organisation-scope.js';
import type { Principal } from '../../../platform/http/principal.js';
import type { CallScope } from '../usage-analytics.contract.js';

/** The organisation and project a caller asks for. */
export interface AskedScope {
  readonly organisationId?: OrganisationId | undefined;
  readonly projectId?: ProjectId | undefined;
}

/**
 * Whose calls the caller may see: an operator's choice; for a service key the project it is bound to, and no other of its organisation,
 * because a key is handed to one project's machines. Asking for more is answered 404, like asking for what does not exist.
 */
export function callScope(principal: Principal, asked: AskedScope = {}): CallScope {
  const organisationId = organisationScope(principal, asked.organisationId);
  if (principal.kind !== 'service_key') return { organisationId };
  if (asked.projectId !== undefined && asked.projectId !== principal.projectId) throw kernelErrors.not_found();
  return { organisationId, projectId: principal.projectId };
}
