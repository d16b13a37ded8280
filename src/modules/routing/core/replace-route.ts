import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { RoutesRepository } from '../data/routes.repository.js';
import type { NewRoute, RouteView } from '../routing.contract.js';
import { routingErrors } from '../routing.errors.js';
import { AuditedRoutes, type RouteRef } from './audited-routes.js';
import { CheckRoute } from './check-route.js';
import { routeDefinition } from './route-rules.js';
import { toRouteView } from './route-view.js';

/** Puts a new definition in place of a route's present one. Calls that are planned already go where they were to go. */
@Injectable()
export class ReplaceRoute {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly routes: AuditedRoutes,
    private readonly repository: RoutesRepository,
    private readonly check: CheckRoute,
  ) {}

  /** Raises `routing/not_found`, `routing/model_taken`, `tenants/*_not_found` and a 400 that names every wrong field. */
  async run(actor: AuditActor, ref: RouteRef, route: NewRoute): Promise<RouteView> {
    const definition = routeDefinition(route);
    return this.unitOfWork.forOrganisation(ref.organisationId, async (tx) => {
      await this.check.run(tx, ref.organisationId, definition);
      await this.routes.replace(tx, actor, ref, definition);
      const stored = await this.repository.find(tx, ref.organisationId, ref.id);
      if (!stored) throw routingErrors.not_found();
      return toRouteView(stored);
    });
  }
}
