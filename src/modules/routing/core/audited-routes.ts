import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { CredentialId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../audit/audit.contract.js';
import { RoutesRepository } from '../data/routes.repository.js';
import type { RouteView } from '../routing.contract.js';
import { routingErrors } from '../routing.errors.js';
import type { RouteDefinition } from './route-rules.js';

export type RouteRef = Pick<RouteView, 'organisationId' | 'id'>;

/** Writes routes, each together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedRoutes {
  constructor(
    private readonly repository: RoutesRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `routing/model_taken`. */
  async add(tx: Tx, actor: AuditActor, ref: RouteRef, definition: RouteDefinition): Promise<RouteView> {
    const now = this.clock.now();
    const route = { ...ref, ...definition, createdAt: now, updatedAt: now };
    await this.repository.insert(tx, route);
    await this.audit.record(tx, { actor, action: 'route.created', ...about(ref), detail: factsOf(definition) });
    return route;
  }

  /** Raises `routing/not_found` and `routing/model_taken`. */
  async replace(tx: Tx, actor: AuditActor, ref: RouteRef, definition: RouteDefinition): Promise<void> {
    const replaced = await this.repository.replace(tx, { ...ref, ...definition, updatedAt: this.clock.now() });
    if (!replaced) throw routingErrors.not_found();
    await this.audit.record(tx, { actor, action: 'route.replaced', ...about(ref), detail: factsOf(definition) });
  }

  /** Raises `routing/not_found`. */
  async remove(tx: Tx, actor: AuditActor, ref: RouteRef): Promise<void> {
    if (!(await this.repository.delete(tx, ref.organisationId, ref.id))) throw routingErrors.not_found();
    await this.audit.record(tx, { actor, action: 'route.deleted', ...about(ref) });
  }
}

function about({ organisationId, id }: RouteRef): Pick<AuditEntry, 'organisationId' | 'target'> {
  return { organisationId, target: { type: 'route', id } };
}

/** Where calls may go from now on, in ids: a model name is text of the tenant, which an audit row would outlive. */
function factsOf({ projectId, targets }: RouteDefinition): NonNullable<AuditEntry['detail']> {
  return { projectId, credentialIds: targets.map((target): CredentialId => target.credentialId) };
}
