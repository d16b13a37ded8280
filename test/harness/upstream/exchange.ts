import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from './call-log.ts';

const SHORT_PAUSE_MS = 50;

/** One call being answered. */
export class Exchange {
  readonly res: ServerResponse;
  readonly record: CallRecord;
  /** The caller's whole key, for the one error that repeats it. */
  readonly key: string;
  readonly acceptsGzip: boolean;
  /** True once the connection is gone, whoever closed it. */
  left = false;
  #gone: AbortController | undefined;

  constructor(res: ServerResponse, record: CallRecord, call: { key: string; acceptsGzip: boolean }) {
    this.res = res;
    this.record = record;
    this.key = call.key;
    this.acceptsGzip = call.acceptsGzip;
  }

  /** To be called when the connection closes. */
  close(): void {
    this.left = true;
    this.#gone?.abort();
  }

  /** Aborts when the connection is gone. Made only for those who wait, because most calls never do. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.left) this.#gone.abort();
    return this.#gone.signal;
  }

  /** Waits; with `unlessLeft`, no longer than the caller stays. */
  async pause(milliseconds: number, unlessLeft: boolean): Promise<void> {
    if (milliseconds <= 0 || (unlessLeft && this.left)) return;
    // A short pause costs less than listening for the caller's leaving, and the bench pauses a lot.
    if (milliseconds < SHORT_PAUSE_MS || !unlessLeft) await sleep(milliseconds);
    else await sleep(milliseconds, undefined, { signal: this.gone }).catch(() => undefined);
  }

  /** Breaks the connection. What was written before leaves first; after a reset the peer may lose even that, hence the wait. */
  async cut(how: 'destroy' | 'reset'): Promise<void> {
    this.record.outcome = 'cut';
    const { socket } = this.res;
    if (this.res.headersSent) await sleep(10);
    if (how === 'reset') socket?.resetAndDestroy();
    else socket?.destroy();
  }
}

// Name, value, name, value: the form node:http writes without copying.
const STANDARD_HEADERS = [
  'openai-organization',
  'stand-in',
  'openai-processing-ms',
  '12',
  'openai-version',
  '2020-10-01',
  'x-ratelimit-limit-requests',
  '10000',
  'x-ratelimit-limit-tokens',
  '30000000',
  'x-ratelimit-remaining-requests',
  '9999',
  'x-ratelimit-remaining-tokens',
  '29999984',
  'x-ratelimit-reset-requests',
  '6ms',
  'x-ratelimit-reset-tokens',
  '0s',
] as const;

/** The headers the real one sends with every answer, then those given as name, value, name, value. */
export function headersOf({ record }: Exchange, ...more: string[]): string[] {
  return [...STANDARD_HEADERS, 'x-request-id', record.requestId, ...more];
}
