import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { fastifyOptions } from '../platform/http/control-plane.js';

/** The admin API's bodies are small. */
const CONTROL_BODY_BYTES = 1_048_576;
/** Longer than load balancers keep theirs (60 s is common), so that they close first. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 20_000;
/** Longer than any call's body may take; the data plane has a limit of its own. */
const REQUEST_MS = 300_000;

/** Takes a request before the framework sees it; false leaves it to the framework. */
export type Claim = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The one HTTP server of a process: the data plane first, the admin API behind it. */
export class HttpServer {
  private claim: Claim = () => false;
  readonly adapter: FastifyAdapter;

  /** `refuse` is asked before everything else, and answers what it takes. */
  constructor(refuse: Claim | null = null) {
    const serverFactory = (handler: (request: IncomingMessage, response: ServerResponse) => void): Server =>
      createServer({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS }, (request, response) => {
        if (refuse?.(request, response)) return;
        if (!this.claim(request, response)) handler(request, response);
      });
    this.adapter = new FastifyAdapter({ ...fastifyOptions(CONTROL_BODY_BYTES), serverFactory } as FastifyServerOptions);
  }

  /** Who is asked first about every request. */
  claimWith(claim: Claim): void {
    this.claim = claim;
  }
}
