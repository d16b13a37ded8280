import { Injectable } from '@nestjs/common';
import { Client } from 'undici';
import { AppError } from '../../../../kernel/errors.js';
import { WebhookAddresses } from './webhook-addresses.js';

const CONNECT_MS = 5_000;
/** All of one attempt: Standard Webhooks asks receivers to answer first and work later. */
const TOTAL_MS = 10_000;
/** What is read of an answer, and thrown away: enough to end a short one in good order. */
const MOST_ANSWER_BYTES = 16_384;

/** How an attempt ended: with an HTTP status, or without one and the reason. */
export type PostResult =
  | { readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly status: null; readonly failure: 'address_not_allowed' | 'timeout' | 'tls_failed' | 'not_reached' };

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request to an address that a customer chose. The address is checked now and not only when it was stored: literals here, names where
 * the connection is made, by the very look-up whose answer it connects to (DNS rebinding). A redirect is an answer, never followed. Every attempt
 * has a connection of its own, so nothing of one customer's lingers for another's.
 */
@Injectable()
export class WebhookPost {
  constructor(private readonly addresses: WebhookAddresses) {}

  /** Rejects only when `stopped` fires first. */
  async send({ url, headers, body }: Post, stopped: AbortSignal): Promise<PostResult> {
    const total = AbortSignal.timeout(TOTAL_MS);
    const signal = AbortSignal.any([stopped, total]);
    let client: Client | null = null;
    try {
      this.addresses.checkUrl(url);
      const { origin, pathname } = new URL(url);
      client = new Client(origin, {
        connect: { timeout: CONNECT_MS, lookup: this.addresses.lookup },
        allowH2: false,
        headersTimeout: TOTAL_MS,
        bodyTimeout: TOTAL_MS,
        maxResponseSize: MOST_ANSWER_BYTES,
      });
      const answer = await client.request({ method: 'POST', path: pathname, headers: { ...headers }, body, signal });
      await answer.body.dump({ limit: MOST_ANSWER_BYTES, signal }).catch(() => undefined);
      return { status: answer.statusCode, retryAfterSeconds: seconds(answer.headers['retry-after']) };
    } catch (error) {
      stopped.throwIfAborted();
      return { status: null, failure: total.aborted ? 'timeout' : reasonOf(error) };
    } finally {
      await client?.destroy();
    }
  }
}

/** Delta seconds only: a date would have us trust a stranger's clock. */
function seconds(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : null;
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function reasonOf(error: unknown): 'address_not_allowed' | 'timeout' | 'tls_failed' | 'not_reached' {
  if (error instanceof AppError) return 'address_not_allowed';
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string') return 'not_reached';
  if (code === 'EADDRNOTALLOWED') return 'address_not_allowed';
  if (TIMEOUTS.has(code)) return 'timeout';
  return /^ERR_(TLS|SSL)|CERT|SIGNATURE|EPROTO/.test(code) ? 'tls_failed' : 'not_reached';
}
