import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { principalOf, routeAccess } from './access.js';
import { httpErrors } from './http.errors.js';
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
    if (!principal.permissions.has(access.permission)) {
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
