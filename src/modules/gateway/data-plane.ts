import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, kernelErrors } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import type { KeyAuthenticator } from '../auth/auth.contract.js';
import type { RoutePlanner } from '../routing/routing.contract.js';
import type { Dialect } from './dialects/dialect.js';
import { gatewayErrors } from './gateway.errors.js';
import type { GatewayPipeline } from './gateway-pipeline.js';
import { bearerToken } from './stages/authenticate.js';
import { answerAndClose } from './stages/relay.js';

export interface DataPlaneParts {
  readonly pipeline: GatewayPipeline;
  readonly keys: KeyAuthenticator;
  readonly routes: RoutePlanner;
  readonly dialect: Dialect;
  clientAddress(request: IncomingMessage): string;
}

/**
 * The addresses clients call, `/v1/*`. They hang on the HTTP server itself, before the framework of the admin API: a call has its own
 * authentication, body handling and error shape, and pays for nothing else (see docs/adr). Everything unknown is answered in the client's dialect.
 */
export class DataPlane {
  constructor(private readonly parts: DataPlaneParts) {}

  /** Takes a request if it is one of the data plane's; false when it is not. */
  claim(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request.url ?? '');
    if (!path.startsWith('/v1/') && path !== '/v1') return false;
    if (path === '/v1/chat/completions') {
      if (request.method === 'POST') void this.parts.pipeline.run(request, response, this.parts.dialect);
      else this.answerError(request, response, gatewayErrors.method_not_allowed(), { allow: 'POST' });
    } else {
      void this.answer(request, response, path);
    }
    return true;
  }

  private async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      const isModels = path === '/v1/models' || path.startsWith('/v1/models/');
      if (!isModels)
        throw kernelErrors.not_found({
          message: 'There is nothing at this address. This gateway answers POST /v1/chat/completions and GET /v1/models.',
        });
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return this.answerError(request, response, gatewayErrors.method_not_allowed(), { allow: 'GET, HEAD' });
      const body = JSON.stringify(await this.models(request, path));
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'x-request-id': newId(),
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    } catch (error) {
      this.answerError(request, response, error instanceof AppError ? error : kernelErrors.internal({ cause: error }));
    }
  }

  /** OpenAI's "List models" and "Retrieve model". */
  private async models(request: IncomingMessage, path: string): Promise<object> {
    const principal = await this.parts.keys.authenticate(bearerToken(request), this.parts.clientAddress(request));
    if (!principal.permissions.has('inference:invoke')) throw gatewayErrors.scope_missing();
    if (path === '/v1/models') return { object: 'list', data: this.parts.routes.models(principal).map(modelObject) };
    const id = decodeSegment(path.slice('/v1/models/'.length));
    if (!id || !this.parts.routes.plan(principal, id)?.targets.length) throw gatewayErrors.model_not_found();
    return modelObject(id);
  }

  private answerError(
    request: IncomingMessage,
    response: ServerResponse,
    error: AppError,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const written = this.parts.dialect.writeError(error, newId());
    answerAndClose(request, response, { ...written, headers: { ...written.headers, ...headers } });
  }
}

/** The path of a request target, which is a path or, for proxies, a whole URL (RFC 9112 §3.2). Never decoded: `%2f` is no slash. */
function pathOf(target: string): string {
  const from = target.startsWith('/') ? 0 : target.indexOf('/', target.indexOf('://') + 3);
  const query = target.indexOf('?');
  return from === -1 ? '' : target.slice(from, query === -1 ? undefined : query);
}

function modelObject(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'lethe' };
}

/** What a model may be called: what a chat completion may name. */
const MODEL_NAME = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,256}$/u;

/** Null for what no model can be called. */
function decodeSegment(text: string): string | null {
  try {
    const name = decodeURIComponent(text);
    return MODEL_NAME.test(name) ? name : null;
  } catch {
    return null;
  }
}
