import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { AppError, failureName } from '../../../kernel/errors.js';
import { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { federationErrors } from '../federation.errors.js';

/** A provider's whole answer; people wait for it in front of a browser. */
const TOTAL_MS = 8_000;
const CONNECT_MS = 3_000;
/** Far above any configuration, key set or profile there is. */
const MAX_ANSWER_BYTES = 512 * 1024;
const CONNECTIONS_PER_ORIGIN = 8;
const NO_BODY = new Set([204, 205, 304]);

export interface ProviderRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | Uint8Array | ArrayBuffer | ReadableStream | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every request Lethe makes to an identity provider. Organisations name providers, so each address is checked as for upstreams, at every
 * connection; no redirect is followed, and time and size are bounded. Raises `federation/provider_unavailable` and `outbound/*`.
 */
@Injectable()
export class ProviderHttp implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(private readonly addresses: OutboundAddresses) {
    this.agent = new Agent({
      connections: CONNECTIONS_PER_ORIGIN,
      keepAliveTimeout: 10_000,
      maxResponseSize: MAX_ANSWER_BYTES,
      headersTimeout: TOTAL_MS,
      bodyTimeout: TOTAL_MS,
      connect: { timeout: CONNECT_MS, lookup: addresses.lookup },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /** A URL of a provider as it may be stored. Raises `outbound/*`. */
  checkUrl(text: string): string {
    const url = URL.parse(text);
    // A query is part of some providers' endpoints; the guard judges where it leads to.
    this.addresses.checkUrl(url === null ? text : text.slice(0, text.length - url.search.length));
    return text;
  }

  /** Sends one request and answers when all of the answer is here. */
  async fetch(url: string, { method, headers, body, signal }: ProviderRequest): Promise<Response> {
    this.checkUrl(url);
    const late = AbortSignal.timeout(TOTAL_MS);
    try {
      const answer = await request(url, {
        method: method as 'GET' | 'POST',
        headers,
        body: body instanceof URLSearchParams ? body.toString() : ((body ?? null) as string | null),
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
        dispatcher: this.agent,
      });
      const bytes = await answer.body.arrayBuffer();
      return new Response(NO_BODY.has(answer.statusCode) ? null : bytes, {
        status: answer.statusCode,
        headers: plainHeaders(answer.headers),
      });
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** Only the kind of failure goes on: messages of clients quote addresses and bodies. */
function unavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return federationErrors.provider_unavailable({ cause: new Error(failureName(error)) });
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, one]);
  });
}
