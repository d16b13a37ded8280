import type { Behaviour } from './behaviour.ts';

/** An error answer, ready to send. */
export interface ErrorAnswer {
  readonly status: number;
  /** Beside the standard ones; name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
}

interface ErrorShape {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
  readonly param?: string;
}

// `type` and `code` as the provider sends them; the sentences are ours.
const SHAPES: Readonly<Record<number, ErrorShape>> = {
  400: { type: 'invalid_request_error', code: null, message: 'The request was refused as invalid.' },
  401: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'The API key is not one of ours.' },
  403: {
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
    message: 'This country, region or territory is not served.',
  },
  404: {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist or this key may not use it.',
    param: 'model',
  },
  408: { type: 'timeout', code: 'request_timeout', message: 'The request took too long to arrive.' },
  409: { type: 'invalid_request_error', code: 'conflict', message: 'Another request changed the same thing.' },
  413: { type: 'invalid_request_error', code: 'request_too_large', message: 'The request is too large.' },
  422: { type: 'invalid_request_error', code: 'unprocessable_entity', message: 'The request was understood but cannot be carried out.' },
  429: { type: 'requests', code: 'rate_limit_exceeded', message: 'Too many requests; try again shortly.' },
  500: { type: 'server_error', code: null, message: 'The server failed while it worked on the request.' },
  502: { type: 'server_error', code: 'bad_gateway', message: 'A server behind this one gave no usable answer.' },
  503: { type: 'server_error', code: 'service_unavailable', message: 'The engine is overloaded; try again later.' },
  504: { type: 'server_error', code: 'gateway_timeout', message: 'A server behind this one did not answer in time.' },
  529: { type: 'overloaded_error', code: 'overloaded', message: 'The service is overloaded.' },
};

function errorJson(shape: ErrorShape): string {
  const { message, type, param = null, code } = shape;
  return JSON.stringify({ error: { message, type, param, code } }, null, 4);
}

/** 400 in OpenAI's words. */
export function badRequest(message: string, param: string | null, code: string | null): ErrorAnswer {
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param, code } }, null, 4);
  return { status: 400, headers: JSON_TYPE, body };
}

/** An address or method that does not exist; like OpenAI's, without a code. */
export function unknownAddress(status: 404 | 405, method: string, path: string): ErrorAnswer {
  const message = status === 404 ? `Invalid URL (${method} ${path})` : `Not allowed to ${method} on ${path}.`;
  return { status, headers: JSON_TYPE, body: errorJson({ type: 'invalid_request_error', code: null, message }) };
}

/** 401: no key was sent (code null), or a wrong one, of which only the ends are repeated. */
export function unauthorised(key: string): ErrorAnswer {
  const shown = key.length > 12 ? `${key.slice(0, 4)}***${key.slice(-4)}` : '***';
  const shape =
    key === ''
      ? { type: 'invalid_request_error', code: null, message: 'No API key was sent; put it in the Authorization header as a bearer token.' }
      : { ...SHAPES[401]!, message: `The API key ${shown} is not one of ours.` };
  return { status: 401, headers: JSON_TYPE, body: errorJson(shape) };
}

/** The error a behaviour asks for. `key` is what the caller sent, for the error that repeats it. */
export function errorAnswer(status: number, behaviour: Behaviour, key: string): ErrorAnswer {
  const headers: string[] = [];
  if (behaviour.retryAfterSeconds !== undefined) headers.push('retry-after', String(behaviour.retryAfterSeconds));
  if (behaviour.retryAfterMs !== undefined) headers.push('retry-after-ms', String(behaviour.retryAfterMs));
  switch (behaviour.errorBody) {
    case 'html':
      return { status, headers: [...headers, 'content-type', 'text/html', 'server', 'proxy'], body: proxyPage(status) };
    case 'empty':
      return { status, headers, body: '' };
    case 'echo_key':
      return {
        status,
        headers: [...headers, ...JSON_TYPE, 'x-rejected-key', key],
        body: errorJson({ ...shapeOf(status), message: `Incorrect API key provided: ${key}.` }),
      };
    default:
      return { status, headers: [...headers, ...JSON_TYPE], body: errorJson(withCode(shapeOf(status), behaviour.errorCode)) };
  }
}

/** The `data:` payload of an error inside a stream. */
export function errorEventJson(behaviour: Behaviour): string {
  const { message, type, code } = withCode(shapeOf(500), behaviour.errorCode);
  return JSON.stringify({ error: { message, type, param: null, code } });
}

function shapeOf(status: number): ErrorShape {
  return SHAPES[status] ?? SHAPES[status < 500 ? 400 : 500]!;
}

function withCode(shape: ErrorShape, code: string | undefined): ErrorShape {
  if (code === undefined) return shape;
  return { ...shape, code, type: code === 'insufficient_quota' ? code : shape.type };
}

function proxyPage(status: number): string {
  const title = `${status} ${status === 502 ? 'Bad Gateway' : 'Service Temporarily Unavailable'}`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n`;
}

const JSON_TYPE = ['content-type', 'application/json'] as const;
