import type { CredentialId, OrganisationId, ProjectId, RouteId } from '../../kernel/ids.js';
import type { AuditActor } from '../audit/audit.contract.js';
import type { ProviderName } from '../credentials/credentials.contract.js';

/** One place a call may go. */
export interface RouteTarget {
  readonly credentialId: CredentialId;
  readonly provider: ProviderName;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
  /** The model name to send upstream. */
  readonly model: string;
}

/** Where a call goes, in the order to try (R3). */
export interface RoutePlan {
  readonly routeId: RouteId;
  /** The route's own name (`gpt-4o`, `claude-*`): bounded, so it may be a metric label. */
  readonly pattern: string;
  readonly targets: readonly RouteTarget[];
}

/** Routes of all tenants, answered from memory. Also the injection token. */
export abstract class RoutePlanner {
  /**
   * The most specific route for a model: the project's before the organisation's before the operator's; an exact name before a
   * prefix, a longer prefix before a shorter. Targets whose credential is disabled are left out. Null when no route matches.
   */
  abstract plan(caller: { readonly organisationId: OrganisationId; readonly projectId: ProjectId }, model: string): RoutePlan | null;

  /** Model names a caller can ask for, sorted; prefixes (`gpt-*`) as they are. */
  abstract models(caller: { readonly organisationId: OrganisationId; readonly projectId: ProjectId }): readonly string[];
}

/** One target of a route to be made. */
export interface NewRouteTarget {
  /** A credential of the route's own organisation. */
  readonly credentialId: CredentialId;
  /** Absent: the model name goes upstream as the client wrote it. */
  readonly upstreamModel?: string | null;
}

/** A route to be made, or what an existing one is replaced with. */
export interface NewRoute {
  /** An exact model name, or a prefix followed by `*`. */
  readonly model: string;
  /** Absent: every project of the organisation. */
  readonly projectId?: ProjectId | null;
  /** 1 to 10, in the order to try. */
  readonly targets: readonly NewRouteTarget[];
}

/** A stored route. */
export interface RouteView {
  readonly id: RouteId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId | null;
  readonly model: string;
  readonly targets: readonly { readonly credentialId: CredentialId; readonly upstreamModel: string | null }[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Routes as the command line and the first start handle them. Also the injection token. */
export abstract class RouteAdministration {
  /** Raises `tenants/*_not_found`, `routing/model_taken` and a 400 that names each wrong field. */
  abstract create(actor: AuditActor, organisationId: OrganisationId, route: NewRoute): Promise<RouteView>;
  /** All routes of an organisation, oldest first. */
  abstract list(organisationId: OrganisationId): Promise<readonly RouteView[]>;
}
