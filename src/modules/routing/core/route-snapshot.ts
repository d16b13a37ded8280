import { Injectable } from '@nestjs/common';
import type { RouteId } from '../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../platform/database/change-feed.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Metrics } from '../../../platform/telemetry/metrics.js';
import type { RouteTargetId } from '../data/route-target.entity.js';
import { RoutesRepository, type RouteWithTargets } from '../data/routes.repository.js';
import { RouteTable, type TableRoute } from './route-table.js';

/** Keeps the {@link RouteTable} as the database has it. A change re-reads the one route it belongs to. */
@Injectable()
export class RouteSnapshot implements ChangeSubscriber {
  readonly tables = ['route', 'route_target'];
  readonly table = new RouteTable();

  constructor(
    feed: ChangeFeed,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: RoutesRepository,
    private readonly metrics: Metrics,
  ) {
    feed.subscribe(this);
  }

  async onChange(change: Change): Promise<void> {
    if (change.table === 'route') return this.reread([change.id as RouteId]);
    const targetId = change.id as RouteTargetId;
    const now = await this.unitOfWork.asSystem((tx) => this.repository.routeOfTarget(tx, targetId));
    const before = this.table.routeOfTarget(targetId);
    await this.reread([...new Set([before, now])].filter((id) => id !== null));
  }

  async onResync(): Promise<void> {
    const routes = await this.unitOfWork.asSystem((tx) => this.repository.all(tx));
    this.table.load(routes.map(inMemory));
    this.metrics.allowModels(this.table.models());
  }

  private async reread(ids: readonly RouteId[]): Promise<void> {
    for (const id of ids) {
      const route = await this.unitOfWork.asSystem((tx) => this.repository.anyById(tx, id));
      this.table.replace(id, route && inMemory(route));
    }
    this.metrics.allowModels(this.table.models());
  }
}

function inMemory({ id, organisationId, projectId, model, targets }: RouteWithTargets): TableRoute {
  return {
    id,
    organisationId,
    projectId,
    model,
    targets: targets.map((target) => ({ id: target.id, credentialId: target.credentialId, upstreamModel: target.upstreamModel })),
  };
}
