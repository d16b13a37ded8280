import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { AuditedRoutes, type RouteRef } from './audited-routes.js';

/** Deletes a route and its targets. A less specific route may take its place. */
@Injectable()
export class DeleteRoute {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly routes: AuditedRoutes,
  ) {}

  /** Raises `routing/not_found`. */
  run(actor: AuditActor, ref: RouteRef): Promise<void> {
    return this.unitOfWork.forOrganisation(ref.organisationId, (tx) => this.routes.remove(tx, actor, ref));
  }
}
