import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isId, type OrganisationId } from '../../kernel/ids.js';
import { principalOf, routeAccess } from './access.js';
import { httpErrors } from './http.errors.js';
import { permissionsIn } from './organisation-scope.js';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';

/**
 * Lets a request through only when its route declares what it demands and the caller has it; fails closed. How a caller
 * is authenticated is for a subclass to say, so that this layer knows no keys.
 */
export abstract class AccessGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = routeAccess(context.getHandler());
    if (access?.kind === 'public') return true;
    const principal = await this.authenticate(context);
    if (principal === undefined) throw httpErrors.unauthenticated();
    if (access === undefined) throw httpErrors.forbidden();
    if (!permissionsOf(principal, context).has(access.permission)) {
      throw httpErrors.forbidden({ details: { permission: access.permission } });
    }
    return true;
  }

  /** Who is calling, or undefined when that is not proven. Whatever it throws is the answer. */
  protected abstract authenticate(context: ExecutionContext): Promise<Principal | undefined>;
}

/** The guard for set-ups in which another guard or a hook has put the principal on `request.user` before. */
@Injectable()
export class PermissionGuard extends AccessGuard {
  protected override authenticate(context: ExecutionContext): Promise<Principal | undefined> {
    return Promise.resolve(principalOf(context.switchToHttp().getRequest<FastifyRequest>()));
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
  if (named !== undefined) return permissionsIn(principal, isId(named) ? (named as OrganisationId) : undefined);
  return new Set([...principal.permissions, ...[...principal.memberships.values()].flatMap((held) => [...held.permissions])]);
}
