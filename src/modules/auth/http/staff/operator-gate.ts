import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type BreakGlassId, isId, type OrganisationId } from '../../../../kernel/ids.js';
import { needsRecentProof, routeAccess } from '../../../../platform/http/access.js';
import { isAdminRoute, isByAdminListener } from '../../../../platform/http/admin-listener.js';
import { ACCOUNTS_ONLY, type Permission } from '../../../../platform/http/permissions.js';
import type { OperatorPrincipal, Principal } from '../../../../platform/http/principal.js';
import { INSTALLATION_PERMISSIONS, isOpenedByBreakGlass } from '../../../../platform/http/staff-roles.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import { authErrors } from '../../auth.errors.js';
import { AuditedCalls, type StaffCall } from '../../core/staff/audited-calls.js';
import { type ActingOperator, OperatorSessions } from '../../core/staff/operator-sessions.js';
import { AdminDoor } from './admin-door.js';

/** What the routes that finish going on and off duty demand: on these a session is its owner's, on duty or not. */
const OWN: ReadonlySet<Permission> = new Set(ACCOUNTS_ONLY);
/** What a person not on duty may ask of the admin listener: enough to sign in there and go on duty. */
const BEFORE_DUTY: ReadonlySet<Permission> = new Set<Permission>([...ACCOUNTS_ONLY, 'identity:read']);
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

interface Named {
  readonly organisationId?: unknown;
}
type StaffRequest = FastifyRequest<{ Params: Named; Querystring: Named }>;

/**
 * Decides as whom a caller acts, and whether staff may act here, now and on this organisation. The guard asks it about every request that is
 * not open to everyone, after it has learned who calls; so no route can be reached past it (A4, S2).
 *
 * A session on duty is an operator's and nothing else: what its account may do as a member somewhere is not added to it.
 */
@Injectable()
export class OperatorGate {
  constructor(
    private readonly sessions: OperatorSessions,
    private readonly door: AdminDoor,
    private readonly tenants: Tenants,
    private readonly calls: AuditedCalls,
  ) {}

  /** Who acts: the caller, or the operator its session is raised to. Raises what the operator side refuses with, each with a code of its own. */
  async admit(caller: Principal, incoming: FastifyRequest, handler: object): Promise<Principal> {
    const access = routeAccess(handler);
    // A route that declares nothing is the guard's to refuse.
    if (access?.kind !== 'permission') return caller;
    const { permission } = access;
    const request = incoming as StaffRequest;
    const acting = await this.actingOperator(caller, permission);
    if (acting === null) return this.admitOther(caller, request, permission);
    await this.door.require(request.raw, acting.principal.id);
    // Whoever lacks the permission is refused by the guard, and learns nothing of grants.
    if (!acting.principal.permissions.has(permission)) return acting.principal;
    if (needsRecentProof(handler)) this.sessions.requireRecentFactor(acting.principal);
    const organisations = this.ownedByOthers(acting.principal, request, permission);
    const grants = new Map(organisations.map((id) => [id, grantFor(acting, id, permission)]));
    await this.write(acting.principal, { request, permission, grants });
    return { ...acting.principal, reach: this.reachOf(acting.principal, request, permission) };
  }

  private async actingOperator(caller: Principal, permission: Permission): Promise<ActingOperator | null> {
    if (caller.kind === 'operator') return { principal: caller, grants: new Map() };
    return caller.kind === 'account' && !OWN.has(permission) ? this.sessions.current(caller) : null;
  }

  private async admitOther(caller: Principal, request: StaffRequest, permission: Permission): Promise<Principal> {
    const mayComeHere = caller.kind === 'account' && BEFORE_DUTY.has(permission);
    if (isByAdminListener(request.raw) && !mayComeHere) throw authErrors.operators_only();
    if (isAdminRoute(request.routeOptions.url) && caller.permissions.has(permission)) {
      await this.calls.record(caller, this.call(request, { permission, means: 'account', grants: new Map() }));
    }
    return caller;
  }

  /** The customers whose own data the request names, for an operator who needs leave to see it. Raises `auth/break_glass_required` where none is named. */
  private ownedByOthers({ reach }: OperatorPrincipal, request: StaffRequest, permission: Permission): OrganisationId[] {
    if (reach === 'everywhere' || INSTALLATION_PERMISSIONS.has(permission)) return [];
    const named = organisationsNamed(request);
    if (named.length === 0) throw authErrors.break_glass_required();
    return named.filter((id) => id !== this.tenants.operatorOrganisation());
  }

  private reachOf({ reach }: OperatorPrincipal, request: StaffRequest, permission: Permission): OperatorPrincipal['reach'] {
    return reach === 'everywhere' || INSTALLATION_PERMISSIONS.has(permission) ? 'everywhere' : new Set(organisationsNamed(request));
  }

  /** Everything on duty and everything under `/admin`; of a token's other calls those that may change something. */
  private async write(
    principal: OperatorPrincipal,
    { request, permission, grants }: { readonly request: StaffRequest } & Pick<StaffCall, 'permission' | 'grants'>,
  ): Promise<void> {
    const isRead = SAFE.has(request.method);
    if (principal.duty === null && isRead && !isAdminRoute(request.routeOptions.url)) return;
    const means = principal.duty === null ? 'token' : 'duty';
    await this.calls.record(principal, this.call(request, { permission, means, grants }));
  }

  private call(request: StaffRequest, what: Pick<StaffCall, 'permission' | 'means' | 'grants'>): StaffCall {
    return { method: request.method, route: request.routeOptions.url ?? '', ...what };
  }
}

function grantFor({ grants }: ActingOperator, organisationId: OrganisationId, permission: Permission): BreakGlassId {
  if (!isOpenedByBreakGlass(permission)) throw authErrors.break_glass_reads_only();
  const grant = grants.get(organisationId);
  if (grant === undefined) throw authErrors.break_glass_required();
  return grant;
}

/** Every organisation that the address and the query name. What is no id stands as one that nobody has, and no grant will be found for it. */
function organisationsNamed({ params, query }: StaffRequest): OrganisationId[] {
  const named = [params?.organisationId, query?.organisationId].filter((value) => value !== undefined);
  return [...new Set(named.map((value) => (isId(value) ? value.toLowerCase() : '') as OrganisationId))];
}
