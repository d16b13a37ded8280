import { Injectable } from '@nestjs/common';
import { newId, type OrganisationId, type RouteId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { NewRoute, RouteView } from '../routing.contract.js';
import { AuditedRoutes } from './audited-routes.js';
import { CheckRoute } from './check-route.js';
import { routeDefinition } from './route-rules.js';

/** Makes a model name lead somewhere. */
@Injectable()
export class CreateRoute {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly routes: AuditedRoutes,
    private readonly check: CheckRoute,
  ) {}

  /** Raises `routing/model_taken`, `tenants/*_not_found` and a 400 that names every wrong field. */
  async run(actor: AuditActor, organisationId: OrganisationId, route: NewRoute): Promise<RouteView> {
    const definition = routeDefinition(route);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.check.run(tx, organisationId, definition);
      return this.routes.add(tx, actor, { organisationId, id: newId<RouteId>() }, definition);
    });
  }
}
