import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { type ListedAfter, RoutesRepository } from '../data/routes.repository.js';
import type { RouteView } from '../routing.contract.js';
import { routingErrors } from '../routing.errors.js';
import type { RouteRef } from './audited-routes.js';
import { toRouteView } from './route-view.js';

/** Shows an organisation's routes. */
@Injectable()
export class ReadRoutes {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: RoutesRepository,
    private readonly tenants: Tenants,
  ) {}

  /** Raises `routing/not_found`. */
  async get({ organisationId, id }: RouteRef): Promise<RouteView> {
    const route = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.repository.find(tx, organisationId, id));
    if (!route) throw routingErrors.not_found();
    return toRouteView(route);
  }

  /** Oldest first; all of them without a limit. Raises `tenants/organisation_not_found`. */
  async list(organisationId: OrganisationId, page: ListedAfter = {}): Promise<RouteView[]> {
    const routes = await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.repository.list(tx, organisationId, page);
    });
    return routes.map(toRouteView);
  }
}
