import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuditedRoutes } from './core/audited-routes.js';
import { CheckRoute } from './core/check-route.js';
import { CreateRoute } from './core/create-route.js';
import { DeleteRoute } from './core/delete-route.js';
import { ReadRoutes } from './core/read-routes.js';
import { ReplaceRoute } from './core/replace-route.js';
import { RouteDesk } from './core/route-desk.js';
import { RouteSnapshot } from './core/route-snapshot.js';
import { SnapshotPlanner } from './core/snapshot-planner.js';
import { Route } from './data/route.entity.js';
import { RouteTargetRow } from './data/route-target.entity.js';
import { RoutesRepository } from './data/routes.repository.js';
import { RoutesController } from './http/routes.controller.js';
import { RouteAdministration, RoutePlanner } from './routing.contract.js';

@Module({
  imports: [TypeOrmModule.forFeature([Route, RouteTargetRow]), AuditModule, TenantsModule, CredentialsModule],
  controllers: [RoutesController],
  providers: [
    RoutesRepository,
    AuditedRoutes,
    CheckRoute,
    CreateRoute,
    ReplaceRoute,
    DeleteRoute,
    ReadRoutes,
    RouteSnapshot,
    { provide: RoutePlanner, useClass: SnapshotPlanner },
    { provide: RouteAdministration, useClass: RouteDesk },
  ],
  exports: [RoutePlanner, RouteAdministration],
})
export class RoutingModule {}
