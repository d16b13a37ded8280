import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isId, type OrganisationId } from '../../kernel/ids.js';
import { isForOwnPages, needsRecentProof, principalOf, routeAccess } from './access.js';
import { httpErrors } from './http.errors.js';
import { permissionsIn } from './organisation-scope.js';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';

/** How long a proof of identity counts as recent. */
export const RECENT_PROOF_MS = 600_000;

/**
 * Lets a request through only when its route declares what it demands and the caller has it; fails closed. How a caller
 * is authenticated is for a subclass to say, so that this layer knows no keys and no sessions.
 */
export abstract class AccessGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handler = context.getHandler();
    const access = routeAccess(handler);
    if (isForOwnPages(handler)) this.requireOwnPage(context);
    if (access?.kind === 'public') return true;
    if (access?.kind === 'sign_in') return this.continueSignIn(context);
    const principal = await this.authenticate(context);
    if (principal === undefined) throw httpErrors.unauthenticated();
    if (access === undefined) throw httpErrors.forbidden();
    if (!permissionsOf(principal, context).has(access.permission)) {
      throw httpErrors.forbidden({ details: { permission: access.permission } });
    }
    if (needsRecentProof(handler) && principal.kind === 'account' && this.nowMs() - principal.provenAtMs > RECENT_PROOF_MS) {
      throw httpErrors.step_up_required();
    }
    return true;
  }

  /** Who is calling, or undefined when that is not proven. Whatever it throws is the answer. */
  protected abstract authenticate(context: ExecutionContext): Promise<Principal | undefined>;
  /** Puts the caller's session on the request, in whatever state it is. True when there is one. */
  protected abstract continueSignIn(context: ExecutionContext): Promise<boolean>;
  /** Throws when a browser says that the request comes from another site's page. */
  protected abstract requireOwnPage(context: ExecutionContext): void;
  protected abstract nowMs(): number;
}

/** The guard for set-ups in which another guard or a hook has put the principal on `request.user` before. It knows no sessions. */
@Injectable()
export class PermissionGuard extends AccessGuard {
  protected override authenticate(context: ExecutionContext): Promise<Principal | undefined> {
    return Promise.resolve(principalOf(context.switchToHttp().getRequest<FastifyRequest>()));
  }

  protected override continueSignIn(): Promise<boolean> {
    return Promise.reject(httpErrors.unauthenticated());
  }

  protected override requireOwnPage(): void {}

  protected override nowMs(): number {
    return Date.now();
  }
}

/**
 * What the caller may do where the request goes: in the organisation that its address or its query names. Where it names none, what a person may
 * anywhere; `organisationScope` then limits the answer to their only organisation or asks which. An id that is none is for validation to refuse.
 */
interface Named {
  readonly organisationId?: unknown;
}

function permissionsOf(principal: Principal, context: ExecutionContext): ReadonlySet<Permission> {
  if (principal.kind !== 'account') return principal.permissions;
  const { params, query } = context.switchToHttp().getRequest<FastifyRequest<{ Params: Named; Querystring: Named }>>();
  const named = params?.organisationId ?? query?.organisationId;
  if (named !== undefined) return permissionsIn(principal, isId(named) ? (named.toLowerCase() as OrganisationId) : undefined);
  return new Set([...principal.permissions, ...[...principal.memberships.values()].flatMap((held) => [...held.permissions])]);
}
