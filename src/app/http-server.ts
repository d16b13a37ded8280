import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ConnectionError, FastifyServerOptions } from 'fastify';
import { cameByAdminListener } from '../platform/http/admin-listener.js';
import { fastifyOptions } from '../platform/http/control-plane.js';

/** The admin API's bodies are small. */
const CONTROL_BODY_BYTES = 1_048_576;
/** Longer than load balancers keep theirs (60 s is common), so that they close first. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 20_000;
/** Longer than any call's body may take; the data plane has a limit of its own. */
const REQUEST_MS = 300_000;
const TIMES = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };

/** Takes a request before the framework sees it; false leaves it to the framework. */
export type Claim = (request: IncomingMessage, response: ServerResponse) => boolean;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The HTTP server of a process: the data plane first, the admin API behind it. And, where it is asked for, a second one for operators only. */
export class HttpServer {
  private claim: Claim = () => false;
  private framework: Handler = (_request, response) => response.destroy();
  private readonly options = fastifyOptions(CONTROL_BODY_BYTES);
  readonly adapter: FastifyAdapter;

  /** `refuse` is asked before everything else, and answers what it takes. */
  constructor(private readonly refuse: Claim | null = null) {
    const serverFactory = (handler: Handler): Server => {
      this.framework = handler;
      return createServer(TIMES, (request, response) => {
        if (refuse?.(request, response)) return;
        if (!this.claim(request, response)) handler(request, response);
      });
    };
    this.adapter = new FastifyAdapter({ ...this.options, serverFactory } as FastifyServerOptions);
  }

  /** Who is asked first about every request. */
  claimWith(claim: Claim): void {
    this.claim = claim;
  }

  /** A server that has the framework and its rules, but no data plane, and notes of every request that it came this way. The caller makes it listen. */
  adminServer(): Server {
    const server = createServer(TIMES, (request, response) => {
      if (this.refuse?.(request, response)) return;
      cameByAdminListener(request);
      this.framework(request, response);
    });
    const { clientErrorHandler } = this.options;
    server.on('clientError', (error, socket) =>
      clientErrorHandler?.call(this.adapter.getInstance(), error as ConnectionError, socket as Socket),
    );
    return server;
  }
}
