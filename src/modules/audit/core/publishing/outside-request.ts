import { Agent, request } from 'undici';
import type { OutboundAddresses } from '../../../../platform/http/outbound-address.js';

const CONNECT_MS = 5_000;
const ANSWER_MS = 15_000;
/** More than any checkpoint. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface OutsideRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks a server outside for something small. Each connection passes the address guard; a redirect is not followed. */
export async function askOutside(
  addresses: OutboundAddresses,
  url: string,
  { method, headers, body }: OutsideRequest,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MS, lookup: addresses.lookup }, maxResponseSize: MAX_ANSWER_BYTES });
  try {
    const answer = await request(url, {
      method,
      headers,
      body: body ?? null,
      dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  } finally {
    await dispatcher.destroy();
  }
}
