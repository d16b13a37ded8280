import { Injectable } from '@nestjs/common';
import { AppError } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { AllowedNetworks } from '../../../../platform/http/allowed-networks.js';
import {
  EVERY_ACCOUNTS,
  ORGANISATION_ROLES,
  type OrganisationRole,
  type Permission,
  ROLE_PERMISSIONS,
} from '../../../../platform/http/permissions.js';
import type { AccountPrincipal, HeldRole } from '../../../../platform/http/principal.js';
import { type AccessPolicy, type Membership, Memberships } from '../../../tenants/tenants.contract.js';
import { SessionAuthenticator, type SessionState, type SignInOrigin } from '../../accounts.contract.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { AccountDesk } from '../account-desk.js';
import { csrfTokenOf } from '../csrf-token.js';
import { SessionRules } from './session-rules.js';

const RETRY_AFTER_SECONDS = 2;
/** A session's last use is written at most so often. */
const SEEN_EVERY_MS = 60_000;
const OWN_PERMISSIONS: ReadonlySet<Permission> = new Set(EVERY_ACCOUNTS);
const HELD_ROLES = new Map<OrganisationRole, HeldRole>(
  ORGANISATION_ROLES.map((role) => [role, { role, permissions: new Set<Permission>(ROLE_PERMISSIONS[role]) }]),
);

/** {@link SessionAuthenticator}: reads session, account, memberships and factors at every request, so that taking any of them away holds at once. */
@Injectable()
export class StoredSessionAuthenticator extends SessionAuthenticator {
  constructor(
    private readonly desk: AccountDesk,
    private readonly memberships: Memberships,
    private readonly rules: SessionRules,
  ) {
    super();
  }

  override authenticate(
    sessionToken: string,
    origin: SignInOrigin,
  ): Promise<{ readonly principal: AccountPrincipal; readonly csrfToken: string }> {
    return this.reading(async (tx) => {
      const session = await this.rules.require(tx, sessionToken);
      const memberships = await this.memberships.ofAccount(tx, session.accountId);
      const state = await this.rules.stateOf(tx, session, memberships);
      if (state !== 'complete') throw accountsErrors.second_factor_required({ details: { state } });
      await this.see(tx, session);
      const principal: AccountPrincipal = {
        kind: 'account',
        id: session.accountId,
        sessionId: session.id,
        permissions: OWN_PERMISSIONS,
        memberships: rolesFrom(memberships, origin.remoteAddress),
        provenAtMs: session.provenAt.getTime(),
        secondFactorAtMs: session.secondFactorAt?.getTime() ?? null,
      };
      return { principal, csrfToken: csrfTokenOf(sessionToken) };
    });
  }

  override inspect(sessionToken: string): Promise<SessionState> {
    return this.reading(async (tx) => {
      const session = await this.rules.require(tx, sessionToken);
      const state = await this.rules.stateOf(tx, session);
      return { sessionId: session.id, accountId: session.accountId, state, csrfToken: csrfTokenOf(sessionToken) };
    });
  }

  private async see(tx: Tx, { id, lastSeenAt }: SessionEntity): Promise<void> {
    const now = this.desk.clock.now();
    if (now.getTime() - lastSeenAt.getTime() >= SEEN_EVERY_MS) await this.desk.sessions.touch(tx, id, now);
  }

  private async reading<T>(read: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.desk.unitOfWork.asSystem(read);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw accountsErrors.unavailable({ cause, details: { retryAfterSeconds: RETRY_AFTER_SECONDS } });
    }
  }
}

/** Leaves out organisations whose members may not act from this address: to whoever comes from elsewhere they do not exist. */
function rolesFrom(memberships: readonly (Membership & AccessPolicy)[], remoteAddress: string): ReadonlyMap<OrganisationId, HeldRole> {
  const roles = new Map<OrganisationId, HeldRole>();
  for (const { organisationId, role, memberNetworks } of memberships) {
    const held = HELD_ROLES.get(role);
    const isInside = memberNetworks.length === 0 || new AllowedNetworks(memberNetworks).includes(remoteAddress);
    if (held !== undefined && isInside) roles.set(organisationId, held);
  }
  return roles;
}
