import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { newId } from '../../kernel/ids.js';
import { toAppError } from './foreign-errors.js';
import { httpErrors } from './http.errors.js';
import { problemHeaders, toProblem } from './problem.js';
import { REQUEST_ID_OPTIONS, sendRequestId } from './request-id.js';
import { serveRouteBodies } from './route-body.js';
import { BARE_SECURITY_HEADERS, corsOptions, sendSecurityHeaders } from './security-headers.js';
import { wireFormOf } from './wire-form.js';

/** The largest form there is, an answer of a SAML identity provider of 256 kB, in base64 and percent-encoded. */
const MAX_FORM_BYTES = 524_288;

export interface ControlPlaneOptions {
  readonly development: boolean;
  /** Origins that may call from a browser, such as `https://console.example`. None unless told. */
  readonly corsOrigins: readonly string[];
}

/** Options for `new FastifyAdapter(…)`: our request ids, and problem+json even for what never reaches a route. */
export function fastifyOptions(bodyLimitBytes: number): FastifyServerOptions {
  return {
    ...REQUEST_ID_OPTIONS,
    bodyLimit: bodyLimitBytes,
    logger: false,
    frameworkErrors: (error, request, reply) => answer(error, request as FastifyRequest, reply as FastifyReply),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  };
}

/** Gives `app` its hooks and headers. Call it before `app.init()`, so that they cover every route. */
export async function configureControlPlane(app: NestFastifyApplication, options: ControlPlaneOptions): Promise<void> {
  const server = app.getHttpAdapter().getInstance();
  sendRequestId(server);
  server.addHook('onRequest', forgetTypeOfNothing);
  server.addHook('onSend', answerBeforeClosing);
  takeWireForms(app);
  serveRouteBodies(app);
  await sendSecurityHeaders(server, options);
  const cors = corsOptions(options.corsOrigins);
  if (cors) app.enableCors(cors);
}

/** Bodies other than JSON, for the routes alone that declare them (`Speaks`). Nest would take HTML forms everywhere, which other people's pages can send. */
function takeWireForms(app: NestFastifyApplication): void {
  app.useBodyParser('application/x-www-form-urlencoded', { bodyLimit: MAX_FORM_BYTES }, (request, body, done) => {
    const isTaken = wireFormOf(request as FastifyRequest).takes === 'application/x-www-form-urlencoded';
    if (!isTaken) return done(httpErrors.unsupported_media_type());
    return done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  app.useBodyParser('application/scim+json', {}, (request, body, done) => {
    if (wireFormOf(request as FastifyRequest).takes !== 'application/scim+json') return done(httpErrors.unsupported_media_type());
    try {
      return done(null, JSON.parse(String(body)) as unknown);
    } catch (error) {
      return done(httpErrors.malformed_json({ cause: error }));
    }
  });
}

/** Many clients name a content type on every request, DELETE without a body included. Nothing is not malformed JSON. */
function forgetTypeOfNothing(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const { headers } = request.raw;
  const isEmpty = (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined;
  if (isEmpty) delete headers['content-type'];
  done();
}

/** How long a client may go on sending a body that was refused. */
const LINGER_MS = 3_000;

/**
 * Closing a connection while the client still sends would reset it and take the answer away (RFC 9112 §9.6). The answer to a body that is
 * refused unread leaves at once and ends when the body has, or the client had its time.
 */
function answerBeforeClosing(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const { raw } = request;
  if (raw.complete || reply.getHeader('connection') !== 'close' || typeof payload !== 'string') return done(null, payload);
  reply.header('content-length', Buffer.byteLength(payload));
  done(null, Readable.from(lingering(raw, payload), { objectMode: false }));
}

async function* lingering(request: IncomingMessage, payload: string): AsyncGenerator<Buffer> {
  yield Buffer.from(payload);
  await new Promise<void>((resolve) => {
    const patience = setTimeout(letGo, LINGER_MS);
    request.once('end', letGo);
    request.once('close', letGo);
    request.resume();

    function letGo(): void {
      clearTimeout(patience);
      resolve();
    }
  });
}

function answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toAppError(thrown);
  void reply
    .code(error.status)
    .headers({ ...BARE_SECURITY_HEADERS, ...problemHeaders(error), 'x-request-id': request.id })
    .send(JSON.stringify(toProblem(error, request.id)));
}

/**
 * Whether an answer has begun on this connection: another one in the middle of it would be taken for a part of it. Node's own handler looks at
 * the same member, which has no public name.
 */
function isAnswering(socket: Socket): boolean {
  return (socket as Socket & { _httpMessage?: { headersSent: boolean } | null })._httpMessage?.headersSent === true;
}

/** Answers bytes that Node could not read as HTTP: there is no request yet, so the answer is written by hand. */
function answerBrokenRequest(thrown: Error & { code?: string }, socket: Socket): void {
  if (thrown.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const requestId = newId();
  const error =
    thrown.code === 'HPE_HEADER_OVERFLOW'
      ? httpErrors.headers_too_large()
      : thrown.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? httpErrors.timeout()
        : httpErrors.malformed_request();
  const body = JSON.stringify(toProblem(error, requestId));
  const headers = {
    ...BARE_SECURITY_HEADERS,
    ...problemHeaders(error),
    'x-request-id': requestId,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} Refused\r\n${lines.join('')}\r\n${body}`);
}
