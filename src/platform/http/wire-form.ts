import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../kernel/errors.js';

/** What a protocol that is not ours wants of a route: bodies of another type than JSON, errors in another form than problem+json. */
export interface WireForm {
  /** Taken besides application/json. */
  readonly takes: 'application/x-www-form-urlencoded' | 'application/scim+json';
  /** The body of an error and its type; without it problem+json. */
  readonly writeError?: (error: AppError) => { readonly contentType: string; readonly body: string };
}

/** Gives a route the form of a protocol. Where nothing is declared a form of HTML, which other people's pages can send, is refused. */
export function Speaks(form: WireForm): MethodDecorator {
  return RouteConfig(form);
}

/** What the route of a request has declared, if it has. */
export function wireFormOf(request: FastifyRequest): Partial<WireForm> {
  return (request.routeOptions?.config ?? {}) as Partial<WireForm>;
}
