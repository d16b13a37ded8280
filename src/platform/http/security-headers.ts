import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, fastify } from 'fastify';

/** The options of @fastify/cors, which comes with Nest's adapter. */
type CorsOptions = Parameters<NestFastifyApplication['enableCors']>[0];

export interface SecurityHeaderOptions {
  /** In development there is no TLS in front, and HSTS would lock a browser out of localhost. */
  readonly development: boolean;
}

const HSTS = { maxAge: 63_072_000, includeSubDomains: true };
const HSTS_HEADER = `max-age=${HSTS.maxAge}; includeSubDomains`;
const DOCS_PATH = /^\/docs(?:[/?-]|$)/;

/** The API's answers are data: nothing in them may be run, framed or loaded. */
const API_POLICY = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
};

/** Swagger UI loads its scripts from /docs and has inline styles, but no inline script. */
const DOCS_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
};

/** For answers that are written before or beside the framework, which asks no hook then: they hold a sentence, and nothing may come of it. */
export const BARE_SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

/**
 * Security headers (S1). Helmet is asked once, at start-up, and its headers are then sent as they are: run for every request
 * it would cost each call some ten microseconds. The data plane under `/v1/`, which only programs call, gets
 * `x-content-type-options` and HSTS alone.
 */
export async function sendSecurityHeaders(server: FastifyInstance, options: SecurityHeaderOptions): Promise<void> {
  const api = { ...(await headersOf(API_POLICY, options)), 'cache-control': 'no-store' };
  const docs = await headersOf(DOCS_POLICY, options);
  const data = { 'x-content-type-options': 'nosniff', ...(options.development ? {} : { 'strict-transport-security': HSTS_HEADER }) };
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(request.url.startsWith('/v1/') ? data : DOCS_PATH.test(request.url) ? docs : api);
    done();
  });
}

/** What helmet sets under `policy`, read off an answer of a server that exists for this alone. */
async function headersOf(
  policy: FastifyHelmetOptions['contentSecurityPolicy'],
  options: SecurityHeaderOptions,
): Promise<Record<string, string>> {
  const probe = fastify();
  await probe.register(helmet, {
    contentSecurityPolicy: policy,
    strictTransportSecurity: options.development ? false : HSTS,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  probe.get('/', (_request, reply) => reply.code(204).send());
  const { headers } = await probe.inject('/');
  await probe.close();
  const own = Object.entries(headers).filter(([name]) => !['date', 'connection', 'content-length'].includes(name));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

/**
 * CORS for `origins`: exact origins only, no credentials (the API takes bearer tokens, never cookies). With no origin
 * listed there is nothing to enable: without the header every browser refuses.
 */
export function corsOptions(origins: readonly string[]): CorsOptions {
  if (origins.length === 0) return undefined;
  return {
    origin: [...origins],
    credentials: false,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  };
}
