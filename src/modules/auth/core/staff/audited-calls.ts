import { Injectable } from '@nestjs/common';
import type { BreakGlassId, OrganisationId } from '../../../../kernel/ids.js';
import type { Permission } from '../../../../platform/http/permissions.js';
import type { AuditActor, AuditEntry } from '../../../audit/audit.contract.js';
import { authErrors } from '../../auth.errors.js';
import { LoneAudit } from './lone-audit.js';

const RETRY_AFTER_SECONDS = 2;

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
  constructor(private readonly audit: LoneAudit) {}

  /** Under a grant the row stands in the organisation's own log, else in the installation's. Raises `auth/unavailable`. */
  async record(actor: AuditActor, call: StaffCall): Promise<void> {
    try {
      await this.audit.record(entriesOf(actor, call));
    } catch (cause) {
      throw authErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    }
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
