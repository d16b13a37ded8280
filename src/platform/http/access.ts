import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiResponse, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { httpErrors } from './http.errors.js';
import { ACCOUNTS_ONLY, type Permission } from './permissions.js';
import type { AccountPrincipal, Principal, SignInProgress } from './principal.js';
import { PROBLEM_CONTENT_TYPE } from './problem.js';

const PUBLIC = 'lethe:public';
const PERMISSION = 'lethe:permission';
const SIGN_IN = 'lethe:sign_in';
const RECENT_PROOF = 'lethe:recent_proof';
const OWN_PAGES = 'lethe:own_pages';

/** The name of the bearer scheme in the OpenAPI document. */
export const BEARER_SCHEME = 'bearer';

/** The name of the session cookie's scheme in the OpenAPI document. */
export const SESSION_SCHEME = 'session';

/** What a route demands: nothing, one permission, or a session that need not have finished signing in. */
export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'permission'; readonly permission: Permission }
  | { readonly kind: 'sign_in' };

/** Documents an answer in problem+json. */
export function ApiProblem(status: number, description: string): MethodDecorator {
  return ApiResponse({ status, description, content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } });
}

/** The schema {@link ApiProblem} refers to; the document's maker puts it among the components, under the name `Problem`. */
export const PROBLEM_SCHEMA: NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string] = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', example: 'urn:lethe:error:lethe:not_found' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', format: 'uri' },
    code: { type: 'string', example: 'lethe/not_found' },
    requestId: { type: 'string', format: 'uuid' },
    errors: {
      type: 'array',
      items: { type: 'object', required: ['field', 'message'], properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
    details: { type: 'object', additionalProperties: true },
  },
};

/** Opens a route to everyone. A route has exactly one of this, {@link Requires} and {@link FinishesSignIn}, or Lethe does not start. */
export function Public(): MethodDecorator {
  return SetMetadata(PUBLIC, true);
}

/** Demands `permission` of the caller, and documents the schemes that can prove it and the 401 and 403 that follow. */
export function Requires(permission: Permission): MethodDecorator {
  const isPersonal = (ACCOUNTS_ONLY as readonly Permission[]).includes(permission);
  return applyDecorators(
    SetMetadata(PERMISSION, permission),
    ...(isPersonal ? [] : [ApiBearerAuth(BEARER_SCHEME)]),
    ApiCookieAuth(SESSION_SCHEME),
    ApiProblem(401, 'No valid bearer token and no live session was sent (`http/unauthenticated`).'),
    ApiProblem(403, `The caller lacks the permission \`${permission}\` (\`http/forbidden\`).`),
  ) as MethodDecorator;
}

/** Opens a route to whoever has a session, also one that still lacks its second factor: for the few routes that finish or end signing in. */
export function FinishesSignIn(): MethodDecorator {
  return applyDecorators(
    SetMetadata(SIGN_IN, true),
    ApiCookieAuth(SESSION_SCHEME),
    ApiProblem(401, 'No live session was sent (`http/unauthenticated`, `accounts/session_ended`).'),
  ) as MethodDecorator;
}

/**
 * For a dangerous act, beside {@link Requires}: a person must have proven who they are within the last ten minutes, or gets
 * `http/step_up_required`. Keys and operator tokens prove it with every request.
 */
export function RequiresRecentProof(): MethodDecorator {
  return applyDecorators(
    SetMetadata(RECENT_PROOF, true),
    ApiProblem(403, 'Prove once more who you are (`http/step_up_required`), or the permission is missing (`http/forbidden`).'),
  ) as MethodDecorator;
}

/** For a public route that sets a cookie: refused (`http/cross_site`) when a browser says that another site's page sent it. */
export function FromOwnPages(): MethodDecorator {
  return applyDecorators(
    SetMetadata(OWN_PAGES, true),
    ApiProblem(403, "Another site's page sent this (`http/cross_site`), or this way of signing in is off."),
  ) as MethodDecorator;
}

/** What `handler` demands; undefined when it declares nothing or several things, which nobody may pass. */
export function routeAccess(handler: object): RouteAccess | undefined {
  const permission = Reflect.getMetadata(PERMISSION, handler) as Permission | undefined;
  const declared: RouteAccess[] = [];
  if (Reflect.getMetadata(PUBLIC, handler) === true) declared.push({ kind: 'public' });
  if (Reflect.getMetadata(SIGN_IN, handler) === true) declared.push({ kind: 'sign_in' });
  if (permission !== undefined) declared.push({ kind: 'permission', permission });
  return declared.length === 1 ? declared[0] : undefined;
}

export function needsRecentProof(handler: object): boolean {
  return Reflect.getMetadata(RECENT_PROOF, handler) === true;
}

export function isForOwnPages(handler: object): boolean {
  return Reflect.getMetadata(OWN_PAGES, handler) === true;
}

/** The principal that authentication put on the request, if it is one. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  const { user } = request as { user?: unknown };
  if (typeof user !== 'object' || user === null) return undefined;
  const { kind, permissions } = user as Partial<Principal>;
  const known = kind === 'operator' || kind === 'service_key' || kind === 'account';
  return known && permissions instanceof Set ? (user as Principal) : undefined;
}

/** Injects who is calling into a handler's parameter; 401 on a route that is public. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = principalOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal === undefined) throw httpErrors.unauthenticated();
  return principal;
});

/** Injects the person who is signed in; 403 when a key or an operator calls. */
export const CurrentAccount = createParamDecorator((_: unknown, context: ExecutionContext): AccountPrincipal => {
  const principal = principalOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal === undefined) throw httpErrors.unauthenticated();
  if (principal.kind !== 'account') throw httpErrors.forbidden();
  return principal;
});

/** Injects the session of a route with {@link FinishesSignIn}. */
export const CurrentSignIn = createParamDecorator((_: unknown, context: ExecutionContext): SignInProgress => {
  const { signIn } = context.switchToHttp().getRequest<FastifyRequest & { signIn?: SignInProgress }>();
  if (signIn === undefined) throw httpErrors.unauthenticated();
  return signIn;
});
