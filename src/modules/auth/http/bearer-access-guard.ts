import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccessGuard } from '../../../platform/http/access.guard.js';
import type { Principal } from '../../../platform/http/principal.js';
import { BearerSignIn } from './bearer-sign-in.js';

/** The guard of the control plane, bound for all routes in `app/`. */
@Injectable()
export class BearerAccessGuard extends AccessGuard {
  constructor(private readonly signIn: BearerSignIn) {
    super();
  }

  protected override async authenticate(context: ExecutionContext): Promise<Principal | undefined> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = await this.signIn.authenticate(request);
    Object.assign(request, { user: principal });
    return principal;
  }
}
