import type { CredentialId, OrganisationId, ProjectId, RouteId } from '../../../kernel/ids.js';
import type { RoutePlan } from '../routing.contract.js';

/** A longer model name is nobody's: the bound keeps a client from having megabytes compared. */
const MAX_MODEL_LENGTH = 256;

export interface TableTarget {
  readonly id: string;
  readonly credentialId: CredentialId;
  readonly upstreamModel: string | null;
}

/** One route in memory. */
export interface TableRoute {
  readonly id: RouteId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId | null;
  /** An exact model name, or a prefix followed by `*`. */
  readonly model: string;
  readonly targets: readonly TableTarget[];
  /** The plan made last, kept with what it was made of. One a route: the memory is bounded by the routes, not by what clients ask. */
  kept?: { readonly revision: number; readonly model: string; readonly plan: RoutePlan };
}

export interface Caller {
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
}

/** The routes of one project, or of one organisation outside its projects. */
class Scope {
  private readonly exact = new Map<string, TableRoute>();
  private readonly prefixes = new Map<string, TableRoute>();
  /** The lengths that prefixes have, longest first; null after a change. They are few however many prefixes there are. */
  private lengths: readonly number[] | null = null;

  put(route: TableRoute): void {
    if (!route.model.endsWith('*')) {
      this.exact.set(route.model, route);
      return;
    }
    this.prefixes.set(route.model.slice(0, -1), route);
    this.lengths = null;
  }

  remove(route: TableRoute): void {
    const prefix = route.model.slice(0, -1);
    // Two routes may swap their names, heard of one after the other: a name that has a new owner stays.
    if (this.exact.get(route.model) === route) this.exact.delete(route.model);
    if (this.prefixes.get(prefix) !== route) return;
    this.prefixes.delete(prefix);
    this.lengths = null;
  }

  find(model: string): TableRoute | undefined {
    const exact = this.exact.get(model);
    if (exact !== undefined || this.prefixes.size === 0) return exact;
    this.lengths ??= [...new Set([...this.prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);
    for (const length of this.lengths) {
      if (length > model.length) continue;
      const route = this.prefixes.get(model.slice(0, length));
      if (route !== undefined) return route;
    }
    return undefined;
  }

  *routes(): Generator<TableRoute> {
    yield* this.exact.values();
    yield* this.prefixes.values();
  }
}

interface Organisation {
  readonly wide: Scope;
  readonly projects: Map<ProjectId, Scope>;
}

/** All routes by who may use them and what they are called. A look-up costs a few map reads, however many routes there are. */
export class RouteTable {
  private organisations = new Map<OrganisationId, Organisation>();
  private readonly byId = new Map<RouteId, TableRoute>();
  private readonly byTarget = new Map<string, RouteId>();

  /** Replaces everything. */
  load(routes: readonly TableRoute[]): void {
    this.organisations = new Map();
    this.byId.clear();
    this.byTarget.clear();
    for (const route of routes) this.add(route);
  }

  /** Puts `route` in place of what the table holds under `id`; null takes it out. */
  replace(id: RouteId, route: TableRoute | null): void {
    const before = this.byId.get(id);
    if (before) {
      this.byId.delete(id);
      for (const target of before.targets) this.byTarget.delete(target.id);
      this.scopeOf(before).remove(before);
    }
    if (route) this.add(route);
  }

  /**
   * The most specific route for `model`: the project's, then the organisation's, then `operator`'s own; within each an exact name
   * before a prefix, a longer prefix before a shorter.
   */
  find(caller: Caller, model: string, operator: OrganisationId | null): TableRoute | null {
    if (model.length > MAX_MODEL_LENGTH) return null;
    const own = this.organisations.get(caller.organisationId);
    const found = own?.projects.get(caller.projectId)?.find(model) ?? own?.wide.find(model);
    if (found !== undefined || operator === null) return found ?? null;
    return this.organisations.get(operator)?.wide.find(model) ?? null;
  }

  /** Every route `caller` may come to, the most specific first. */
  *reachable(caller: Caller, operator: OrganisationId | null): Generator<TableRoute> {
    const own = this.organisations.get(caller.organisationId);
    yield* own?.projects.get(caller.projectId)?.routes() ?? [];
    yield* own?.wide.routes() ?? [];
    if (operator !== null && operator !== caller.organisationId) yield* this.organisations.get(operator)?.wide.routes() ?? [];
  }

  /** The route that holds this target. */
  routeOfTarget(targetId: string): RouteId | null {
    return this.byTarget.get(targetId) ?? null;
  }

  /** The names of all routes. */
  *models(): Generator<string> {
    for (const route of this.byId.values()) yield route.model;
  }

  private add(route: TableRoute): void {
    this.byId.set(route.id, route);
    for (const target of route.targets) this.byTarget.set(target.id, route.id);
    this.scopeOf(route).put(route);
  }

  private scopeOf({ organisationId, projectId }: TableRoute): Scope {
    let organisation = this.organisations.get(organisationId);
    if (!organisation) {
      organisation = { wide: new Scope(), projects: new Map() };
      this.organisations.set(organisationId, organisation);
    }
    if (projectId === null) return organisation.wide;
    let project = organisation.projects.get(projectId);
    if (!project) {
      project = new Scope();
      organisation.projects.set(projectId, project);
    }
    return project;
  }
}
