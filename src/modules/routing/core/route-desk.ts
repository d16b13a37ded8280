import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { type NewRoute, RouteAdministration, type RouteView } from '../routing.contract.js';
import { CreateRoute } from './create-route.js';
import { ReadRoutes } from './read-routes.js';

/** What the contract offers, each done by its use-case. */
@Injectable()
export class RouteDesk extends RouteAdministration {
  constructor(
    private readonly createRoute: CreateRoute,
    private readonly routes: ReadRoutes,
  ) {
    super();
  }

  override create(actor: AuditActor, organisationId: OrganisationId, route: NewRoute): Promise<RouteView> {
    return this.createRoute.run(actor, organisationId, route);
  }

  override list(organisationId: OrganisationId): Promise<readonly RouteView[]> {
    return this.routes.list(organisationId);
  }
}
