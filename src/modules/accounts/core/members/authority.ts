import { Injectable } from '@nestjs/common';
import { kernelErrors } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type OrganisationRole, type Permission, ROLE_PERMISSIONS } from '../../../../platform/http/permissions.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { Memberships } from '../../../tenants/tenants.contract.js';
import { membersErrors } from '../../members.errors.js';

/** Who may give which role: nobody one that may do more than their own (A2). */
@Injectable()
export class Authority {
  constructor(private readonly memberships: Memberships) {}

  /**
   * Raises `members/role_beyond_yours` unless the caller may do all that each of these roles may. A member's own role is read anew in the transaction of
   * the change: it may have been taken away since the request began.
   */
  async requireOver(tx: Tx, organisationId: OrganisationId, caller: Principal, roles: readonly OrganisationRole[]): Promise<void> {
    const held = await this.permissions(tx, organisationId, caller);
    if (!roles.every((role) => covers(held, role))) throw membersErrors.role_beyond_yours();
  }

  private async permissions(tx: Tx, organisationId: OrganisationId, caller: Principal): Promise<ReadonlySet<Permission>> {
    if (caller.kind !== 'account') return caller.permissions;
    const membership = await this.memberships.find(tx, organisationId, caller.id);
    if (membership === null) throw kernelErrors.not_found();
    return permissionsOf(membership.role);
  }
}

export function permissionsOf(role: OrganisationRole): ReadonlySet<Permission> {
  return new Set<Permission>(ROLE_PERMISSIONS[role]);
}

/** Whether somebody who holds these permissions may give, take or change this role. */
export function covers(held: ReadonlySet<Permission>, role: OrganisationRole): boolean {
  return held.has('members:write') && ROLE_PERMISSIONS[role].every((permission) => held.has(permission));
}
