import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { errorCode } from '../../../kernel/errors.js';
import { newId, type OrganisationId, type RouteId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { UNIQUE_VIOLATION } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { RouteView } from '../routing.contract.js';
import { routingErrors } from '../routing.errors.js';
import { Route } from './route.entity.js';
import { type RouteTargetId, RouteTargetRow } from './route-target.entity.js';

/** A route with its targets in the order to try. */
export interface RouteWithTargets extends Pick<Route, keyof Route> {
  readonly targets: readonly RouteTargetRow[];
}

export interface ListedAfter {
  readonly after?: RouteId | undefined;
  readonly limit?: number | undefined;
}

/** Rows of `route` and `route_target`. Besides row-level security every read of a tenant names the organisation (A3). */
@Injectable()
export class RoutesRepository {
  /** Raises `routing/model_taken`. */
  async insert(tx: Tx, { targets, ...route }: RouteView): Promise<void> {
    await tx.insert(Route, route).catch(modelTaken);
    await this.insertTargets(tx, route, targets);
  }

  /** Writes route and targets anew. False when there is no such route. Raises `routing/model_taken`. */
  async replace(tx: Tx, { targets, ...route }: Omit<RouteView, 'createdAt'>): Promise<boolean> {
    const { id, organisationId, ...changes } = route;
    // The row stays locked to the end of the transaction, so two replacements do not mix their targets.
    const { affected } = await tx.update(Route, { id, organisationId }, changes).catch(modelTaken);
    if (affected !== 1) return false;
    await tx.delete(RouteTargetRow, { routeId: id, organisationId });
    await this.insertTargets(tx, route, targets);
    return true;
  }

  /** Whether the route was there to delete. Its targets go with it. */
  async delete(tx: Tx, organisationId: OrganisationId, id: RouteId): Promise<boolean> {
    const { affected } = await tx.delete(Route, { organisationId, id });
    return affected === 1;
  }

  async find(tx: Tx, organisationId: OrganisationId, id: RouteId): Promise<RouteWithTargets | null> {
    const [route] = await this.withTargets(tx, await tx.findBy(Route, { organisationId, id }));
    return route ?? null;
  }

  /** Oldest first. */
  async list(tx: Tx, organisationId: OrganisationId, { after, limit }: ListedAfter = {}): Promise<RouteWithTargets[]> {
    return this.withTargets(tx, await tx.find(Route, oldestFirst({ organisationId }, after, limit)));
  }

  /** Every route of every tenant: for the snapshot, in a system transaction. */
  async all(tx: Tx): Promise<RouteWithTargets[]> {
    const targets = await tx.find(RouteTargetRow, { order: { position: 'ASC' } });
    return joined(await tx.find(Route), targets);
  }

  /** One route of any tenant: for the snapshot, in a system transaction. */
  async anyById(tx: Tx, id: RouteId): Promise<RouteWithTargets | null> {
    const [route] = await this.withTargets(tx, await tx.findBy(Route, { id }));
    return route ?? null;
  }

  /** The route a target of any tenant belongs to. */
  async routeOfTarget(tx: Tx, id: RouteTargetId): Promise<RouteId | null> {
    return (await tx.findOneBy(RouteTargetRow, { id }))?.routeId ?? null;
  }

  private async insertTargets(
    tx: Tx,
    { id, organisationId }: Pick<RouteView, 'id' | 'organisationId'>,
    targets: RouteView['targets'],
  ): Promise<void> {
    const rows = targets.map((target, position) => ({ ...target, id: newId<RouteTargetId>(), organisationId, routeId: id, position }));
    await tx.insert(RouteTargetRow, rows);
  }

  private async withTargets(tx: Tx, routes: readonly Route[]): Promise<RouteWithTargets[]> {
    if (routes.length === 0) return [];
    const routeId = In(routes.map((route) => route.id));
    return joined(routes, await tx.find(RouteTargetRow, { where: { routeId }, order: { position: 'ASC' } }));
  }
}

function joined(routes: readonly Pick<Route, keyof Route>[], targets: readonly RouteTargetRow[]): RouteWithTargets[] {
  const byRoute = Map.groupBy(targets, (target) => target.routeId);
  return routes.map((route) => ({ ...route, targets: byRoute.get(route.id) ?? [] }));
}

function modelTaken(error: unknown): never {
  if (errorCode(error) === UNIQUE_VIOLATION) throw routingErrors.model_taken({ cause: error });
  throw error;
}
