import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiResponse, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { httpErrors } from './http.errors.js';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';
import { PROBLEM_CONTENT_TYPE } from './problem.js';

const PUBLIC = 'lethe:public';
const PERMISSION = 'lethe:permission';

/** The name of the bearer scheme in the OpenAPI document. */
export const BEARER_SCHEME = 'bearer';

/** What a route demands: nothing, or one permission. */
export type RouteAccess = { readonly kind: 'public' } | { readonly kind: 'permission'; readonly permission: Permission };

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

/** Opens a route to everyone. A route has exactly one of this and {@link Requires}, or Lethe does not start. */
export function Public(): MethodDecorator {
  return SetMetadata(PUBLIC, true);
}

/** Demands `permission` of the caller, and documents the bearer scheme and the 401 and 403 that follow from it. */
export function Requires(permission: Permission): MethodDecorator {
  return applyDecorators(
    SetMetadata(PERMISSION, permission),
    ApiBearerAuth(BEARER_SCHEME),
    ApiProblem(401, 'No valid bearer token was sent (`http/unauthenticated`).'),
    ApiProblem(403, `The caller lacks the permission \`${permission}\` (\`http/forbidden\`).`),
  ) as MethodDecorator;
}

/** What `handler` demands; undefined when it declares nothing or both, which nobody may pass. */
export function routeAccess(handler: object): RouteAccess | undefined {
  const isPublic = Reflect.getMetadata(PUBLIC, handler) === true;
  const permission = Reflect.getMetadata(PERMISSION, handler) as Permission | undefined;
  if (isPublic === (permission !== undefined)) return undefined;
  return permission === undefined ? { kind: 'public' } : { kind: 'permission', permission };
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
