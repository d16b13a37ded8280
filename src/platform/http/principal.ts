import type { ApiKeyId, OperatorId, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { Permission } from './permissions.js';

/** A named member of the operator's staff, acting through the admin API. Sees every organisation. */
export interface OperatorPrincipal {
  readonly kind: 'operator';
  readonly id: OperatorId;
  readonly permissions: ReadonlySet<Permission>;
}

/** A service key of one organisation, bound to one project. */
export interface ServiceKeyPrincipal {
  readonly kind: 'service_key';
  readonly id: ApiKeyId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly permissions: ReadonlySet<Permission>;
}

/** Who is calling, once authenticated. */
export type Principal = OperatorPrincipal | ServiceKeyPrincipal;
