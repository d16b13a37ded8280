import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../../../kernel/clock.js';
import { AccessGuard } from '../../../platform/http/access.guard.js';
import { readCookie, SESSION_COOKIE } from '../../../platform/http/cookies.js';
import { httpErrors } from '../../../platform/http/http.errors.js';
import type { Principal } from '../../../platform/http/principal.js';
import { BearerSignIn } from './bearer-sign-in.js';
import { SessionSignIn } from './session-sign-in.js';
import { OperatorGate } from './staff/operator-gate.js';

/** The guard of the control plane, bound for all routes in `app/`: a bearer token or a session cookie, never both. */
@Injectable()
export class CallerAccessGuard extends AccessGuard {
  constructor(
    private readonly bearer: BearerSignIn,
    private readonly session: SessionSignIn,
    private readonly operators: OperatorGate,
    private readonly clock: Clock,
  ) {
    super();
  }

  protected override async authenticate(context: ExecutionContext): Promise<Principal | undefined> {
    const request = requestOf(context);
    const hasBearer = request.headers.authorization !== undefined;
    // Two answers to who is calling: a program that sends both would be somebody else than it thinks.
    if (hasBearer && readCookie(request.headers, SESSION_COOKIE) !== undefined) throw httpErrors.two_credentials();
    const caller = await (hasBearer ? this.bearer : this.session).authenticate(request);
    const principal = caller && (await this.operators.admit(caller, request, context.getHandler()));
    Object.assign(request, { user: principal });
    return principal;
  }

  protected override async continueSignIn(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const signIn = await this.session.inspect(request);
    if (signIn === undefined) throw httpErrors.unauthenticated();
    Object.assign(request, { signIn });
    return true;
  }

  protected override requireOwnPage(context: ExecutionContext): void {
    this.session.requireOwnPage(requestOf(context));
  }

  protected override nowMs(): number {
    return this.clock.nowMs();
  }
}

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
