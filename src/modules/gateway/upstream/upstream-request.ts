import type { IncomingHttpHeaders } from 'node:http';
import type { AnswerHeaders } from '../../../platform/http-client/answer-head.js';
import { isObject, textOf } from '../dialects/json-values.js';
import type { Provider } from '../providers/provider.js';
import type { Refusal } from './attempt-failure.js';

/**
 * The only client headers that go upstream (C9). Everything else stays here: addresses, cookies, user agent, SDK fingerprints, tracing,
 * the caller's key. `x-client-request-id` is the caller's own name for the call, sent so that the provider can find it.
 */
const FORWARDED = ['openai-beta', 'x-client-request-id'] as const;
const FORWARDED_VALUE = /^[\x21-\x7e][\x20-\x7e]{0,511}$/;

/** Headers of an upstream request. `accept-encoding` is left out: the tap reads the answer as it passes. */
export function upstreamHeaders(provider: Provider, secret: string, client: IncomingHttpHeaders, stream: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    'user-agent': 'lethe',
    ...provider.authorise(secret),
  };
  for (const name of FORWARDED) {
    const value = client[name];
    if (typeof value === 'string' && FORWARDED_VALUE.test(value)) headers[name] = value;
  }
  return headers;
}

/** The only upstream headers the client sees; the rest speaks of the operator's account. */
export const RETURNED = ['openai-processing-ms', 'openai-version'] as const;

/** What is asked of a stream's headers once it has begun. */
const KEPT = ['content-type', 'x-request-id', ...RETURNED] as const;

/** Headers of a stream without those that nobody asks for again, which would take room until its end. */
export function headersToKeep(headers: AnswerHeaders): AnswerHeaders {
  const kept: Record<string, string | undefined> = {};
  for (const name of KEPT) kept[name] = headers[name];
  return kept;
}

/** The most of an error answer that is read. */
export const ERROR_BODY_MAX_BYTES = 65_536;

/**
 * What an upstream says in its refusal: its code, and the whole as it may be shown to the client, which is JSON with an error in it
 * and nowhere a piece of the gateway's credential (peers 22).
 */
export function readRefusal(body: Buffer, contentType: string, secret: string): Pick<Refusal, 'code' | 'answer'> {
  const error = errorMember(body, contentType);
  if (error === undefined) return { code: null, answer: undefined };
  const answer = showsPieceOf(secret, body) ? undefined : { contentType: 'application/json; charset=utf-8', body };
  return { code: isObject(error) ? textOf(error.code) : null, answer };
}

/** Whether bytes that speak of an error quote the credential, or so much of either end that it would help to guess the rest. */
export function showsPieceOf(secret: string, bytes: Buffer): boolean {
  const pieces = [secret, secret.slice(0, 12), secret.slice(-8)].filter((piece) => piece.length >= 6);
  return pieces.some((piece) => bytes.includes(piece));
}

function errorMember(body: Buffer, contentType: string): unknown {
  if (!contentType.includes('json') || body.length === 0 || body.length >= ERROR_BODY_MAX_BYTES) return undefined;
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return isObject(parsed) ? parsed.error : undefined;
  } catch {
    return undefined;
  }
}
