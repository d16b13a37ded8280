import { Injectable } from '@nestjs/common';
import { CredentialDirectory } from '../../credentials/credentials.contract.js';
import { Tenants } from '../../tenants/tenants.contract.js';
import { type RoutePlan, RoutePlanner, type RouteTarget } from '../routing.contract.js';
import { RouteSnapshot } from './route-snapshot.js';
import type { Caller, TableRoute } from './route-table.js';

/**
 * Plans from memory, in well under two microseconds. The most specific route decides alone: when all its credentials are disabled the
 * plan is empty, and no call slips to the operator's account instead.
 */
@Injectable()
export class SnapshotPlanner extends RoutePlanner {
  constructor(
    private readonly snapshot: RouteSnapshot,
    private readonly credentials: CredentialDirectory,
    private readonly tenants: Tenants,
  ) {
    super();
  }

  override plan(caller: Caller, model: string): RoutePlan | null {
    const route = this.snapshot.table.find(caller, model, this.tenants.operatorOrganisation());
    return route && this.planOf(route, model);
  }

  override models(caller: Caller): readonly string[] {
    const operator = this.tenants.operatorOrganisation();
    const names = new Map<string, boolean>();
    for (const route of this.snapshot.table.reachable(caller, operator)) {
      if (names.has(route.model)) continue;
      // An exact name may be in the shadow of a nearer prefix; a prefix is as good as its own targets.
      const decides = route.model.endsWith('*') ? route : (this.snapshot.table.find(caller, route.model, operator) ?? route);
      names.set(route.model, this.usableTargets(decides, route.model).length > 0);
    }
    return [...names]
      .filter(([, usable]) => usable)
      .map(([name]) => name)
      .sort();
  }

  private planOf(route: TableRoute, model: string): RoutePlan {
    const { revision } = this.credentials;
    const { kept } = route;
    if (kept !== undefined && kept.revision === revision && kept.model === model) return kept.plan;
    const plan = { routeId: route.id, pattern: route.model, targets: this.usableTargets(route, model) };
    route.kept = { revision, model, plan };
    return plan;
  }

  private usableTargets(route: TableRoute, model: string): RouteTarget[] {
    return route.targets.flatMap((target) => {
      const credential = this.credentials.find(target.credentialId);
      if (!credential?.active || credential.organisationId !== route.organisationId) return [];
      const { provider, baseUrl } = credential;
      return [{ credentialId: target.credentialId, provider, baseUrl, model: target.upstreamModel ?? model }];
    });
  }
}
