import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import { Allowances } from '../../../../platform/http/allowances.js';
import { httpErrors } from '../../../../platform/http/http.errors.js';
import type { Permission } from '../../../../platform/http/permissions.js';
import type { AuditActor, AuditEntry } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import { LoneAudit } from './lone-audit.js';

const RETRY_AFTER_SECONDS = 2;
/** Anybody with an account may ask whether they are on duty, and every such call is a row that stays. */
const ACCOUNT_CALLS_PER_MINUTE = 30;

/** A request that staff make, by the route it takes: an address may hold ids of things, and a query what somebody looked for. */
export interface StaffCall {
  readonly method: string;
  readonly route: string;
  readonly permission: Permission;
  readonly means: 'token' | 'duty' | 'account';
  /** The grants it reads under, by the organisations they open. */
  readonly grants: ReadonlyMap<OrganisationId, BreakGlassId>;
}

/**
 * Writes calls of staff into the audit log before they run (A4), in a transaction of their own: what cannot be written down does not happen. Whatever
 * a call then changes has its own row beside the change.
 */
@Injectable()
export class AuditedCalls {
  private readonly allowances: Allowances;

  constructor(
    private readonly audit: LoneAudit,
    clock: Clock,
  ) {
    this.allowances = new Allowances(clock);
  }

  /**
   * Under a grant the row stands in the organisation's own log, else in the installation's. Raises `auth/unavailable`, and `http/too_many_requests`
   * for who is not on duty and would fill the log.
   */
  async record(actor: AuditActor, call: StaffCall): Promise<void> {
    if (call.means === 'account') this.requireAllowance(actor);
    try {
      await this.audit.record(entriesOf(actor, call));
    } catch (cause) {
      throw authErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    }
  }

  private requireAllowance({ id }: AuditActor): void {
    const waitMs = this.allowances.take(id, ACCOUNT_CALLS_PER_MINUTE);
    if (waitMs > 0) throw httpErrors.too_many_requests({ details: { retryAfterSeconds: Math.ceil(waitMs / 1_000) } });
  }
}

function entriesOf(actor: AuditActor, { method, route, permission, means, grants }: StaffCall): AuditEntry[] {
  const detail = { method, route, permission, means };
  if (grants.size === 0) {
    return [{ actor, action: 'operator.called', organisationId: null, target: { type: 'route', id: `${method} ${route}` }, detail }];
  }
  return [...grants].map(([organisationId, id]) => ({
    actor,
    action: 'break_glass.used',
    organisationId,
    target: { type: 'break_glass', id },
    detail,
  }));
}
