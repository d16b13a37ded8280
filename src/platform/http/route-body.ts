import { type NestFastifyApplication, RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { httpErrors } from './http.errors.js';
import type { WireForm } from './wire-form.js';

/** What a route wants of its body besides having it parsed. */
interface RouteBody {
  readonly keepsRawBody?: true;
  readonly ignoresForm?: true;
}

const MULTIPART = 'multipart/form-data';
const MAX_IGNORED_BYTES = 16_384;

const rawBodies = new WeakMap<FastifyRequest, Buffer>();

/** Keeps the bytes of a route's body as they came, for a signature over them: {@link rawBodyOf}. */
export function KeepsRawBody(): MethodDecorator {
  return RouteConfig({ keepsRawBody: true } satisfies RouteBody) as MethodDecorator;
}

/** For a route that is told all it needs by its address: takes a short HTML form of either encoding and does not look into it. */
export function IgnoresForm(): MethodDecorator {
  const form: WireForm & RouteBody = { takes: 'application/x-www-form-urlencoded', ignoresForm: true };
  return RouteConfig(form) as MethodDecorator;
}

/** The body of a request to a route that {@link KeepsRawBody}, byte for byte. Empty when there was none. */
export function rawBodyOf(request: FastifyRequest): Buffer {
  return rawBodies.get(request) ?? Buffer.alloc(0);
}

/** Makes both work. Call it before `app.init()`. */
export function serveRouteBodies(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preParsing', (request, _reply, payload, done) => {
      if (bodyOf(request).keepsRawBody === true) {
        const chunks: Buffer[] = [];
        // The parser reads the same stream and stops past the limit, so no more than that is held.
        payload.on('data', (chunk: Buffer) => void chunks.push(chunk));
        payload.once('end', () => rawBodies.set(request, Buffer.concat(chunks)));
      }
      done(null, payload);
    });
  app.useBodyParser(MULTIPART, { bodyLimit: MAX_IGNORED_BYTES }, (request, _body, done) => {
    if (bodyOf(request as FastifyRequest).ignoresForm === true) done(null, undefined);
    else done(httpErrors.unsupported_media_type());
  });
}

function bodyOf(request: FastifyRequest): RouteBody {
  return (request.routeOptions?.config ?? {}) as RouteBody;
}
