import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Log } from '../telemetry/logger.js';
import { toAppError } from './foreign-errors.js';
import { problemHeaders, toProblem } from './problem.js';
import { wireFormOf } from './wire-form.js';

/**
 * Writes every error of the control plane as problem+json (RFC 9457), always with the request id; where a protocol wants another form, in that. What only we may know
 * of it goes to the log, and only for failures of ours: a refused request says nothing an operator can act on.
 */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(@Inject(Log) private readonly log: Log) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = toAppError(thrown);
    // A probe that finds a store away says so at every look; whoever lost the store has logged why, once.
    const isProbe = (request.routeOptions?.url ?? '').startsWith('/health/');
    if (error.status >= 500 && !isProbe) {
      const route = request.routeOptions?.url ?? 'unknown';
      this.log.error('a request failed', { requestId: request.id, method: request.method, route, status: error.status, err: thrown });
    }
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const written = wireFormOf(request).writeError?.(error);
    reply
      .code(error.status)
      .headers({ ...problemHeaders(error), ...(written === undefined ? {} : { 'content-type': written.contentType }) })
      .send(written?.body ?? JSON.stringify(toProblem(error, request.id)));
  }
}
