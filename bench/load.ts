/**
 * The load generator: a process of its own that runs one round at a time on request of `main.ts` (messages over the IPC channel).
 *
 * Closed loop: each connection sends its next request when the last one's answer is complete. A round opens its connections, lets
 * them run `settleSeconds` unmeasured, measures `seconds`, then lets every request that is out finish, so that a gateway's
 * ledger can be compared with `completed` exactly.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchConnection, type Exchange } from './http-connection.ts';

export interface LoadRound {
  readonly host: string;
  readonly port: number;
  /** The complete request, head and body, as it goes on the wire. */
  readonly request: string;
  readonly connections: number;
  /** Connections start spread over this time, so that paced streams do not all begin at once, round after round. */
  readonly spreadMs: number;
  readonly settleSeconds: number;
  readonly seconds: number;
}

/** Milliseconds; undefined when the round has too few samples for the percentile to mean anything. */
export interface Percentiles {
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

export interface LoadFigures {
  /** Answers 2xx completed inside the measured window. */
  readonly requests: number;
  readonly seconds: number;
  readonly firstByteMs: Percentiles;
  readonly totalMs: Percentiles;
  readonly bodyBytesPerRequest: number;
  /** Answers 2xx of the whole round, settling and running down included. */
  readonly completed: number;
  /** By status or socket error, whole round. */
  readonly failures: Readonly<Record<string, number>>;
}

export type LoadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'window-open' }
  | { readonly kind: 'window-closed' }
  | { readonly kind: 'done'; readonly figures: LoadFigures };

/** Below this many samples p99 (or p95) is one or two outliers, not a percentile. */
const samplesForP99 = 100;
const samplesForP95 = 20;
/** After a failure a connection waits, or a dead target would be hammered in a busy loop. */
const pauseAfterFailureMs = 50;
const runDownMs = 15_000;

class Round {
  readonly #round: LoadRound;
  readonly #firstByte: number[] = [];
  readonly #total: number[] = [];
  readonly #failures: Record<string, number> = {};
  #measuring = false;
  #stopping = false;
  #open = 0;
  #completed = 0;
  #bytes = 0;
  #windowMs = 0;

  constructor(round: LoadRound) {
    this.#round = round;
  }

  async run(): Promise<LoadFigures> {
    const { connections, spreadMs, settleSeconds, seconds } = this.#round;
    const opened = Array.from({ length: connections }, (_, index) => this.#start((spreadMs * index) / connections));
    await sleep(settleSeconds * 1000);
    tell({ kind: 'window-open' });
    const from = performance.now();
    this.#measuring = true;
    await sleep(seconds * 1000);
    this.#measuring = false;
    this.#windowMs = performance.now() - from;
    tell({ kind: 'window-closed' });
    this.#stopping = true;
    const giveUpAt = performance.now() + runDownMs;
    while (this.#open > 0 && performance.now() < giveUpAt) await sleep(5);
    if (this.#open > 0) this.#failures['unfinished'] = this.#open;
    for (const connection of opened) connection.close();
    return this.#figures();
  }

  #start(afterMs: number): BenchConnection {
    this.#open += 1;
    const { host, port, request } = this.#round;
    const connection: BenchConnection = new BenchConnection({ host, port }, Buffer.from(request, 'utf8'), {
      onExchange: (exchange) => this.#record(exchange),
      onBroken: (reason) => {
        this.#fail(reason);
        if (this.#stopping) this.#open -= 1;
        else setTimeout(() => this.#resume(connection), pauseAfterFailureMs);
        return false;
      },
    });
    setTimeout(() => this.#resume(connection), afterMs);
    return connection;
  }

  #resume(connection: BenchConnection): void {
    if (this.#stopping) this.#open -= 1;
    else connection.open();
  }

  #record(exchange: Exchange): boolean {
    if (exchange.status < 200 || exchange.status > 299) {
      this.#fail(String(exchange.status));
    } else {
      this.#completed += 1;
      if (this.#measuring) {
        this.#firstByte.push(exchange.firstByteMs);
        this.#total.push(exchange.totalMs);
        this.#bytes += exchange.bodyBytes;
      }
    }
    if (this.#stopping) this.#open -= 1;
    return !this.#stopping;
  }

  #fail(reason: string): void {
    this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
  }

  #figures(): LoadFigures {
    const requests = this.#total.length;
    return {
      requests,
      seconds: this.#windowMs / 1000,
      firstByteMs: percentiles(this.#firstByte),
      totalMs: percentiles(this.#total),
      bodyBytesPerRequest: requests === 0 ? 0 : this.#bytes / requests,
      completed: this.#completed,
      failures: this.#failures,
    };
  }
}

function percentiles(samples: readonly number[]): Percentiles {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number | undefined => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return {
    p50: at(0.5),
    p95: sorted.length < samplesForP95 ? undefined : at(0.95),
    p99: sorted.length < samplesForP99 ? undefined : at(0.99),
  };
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}

process.on('message', (round: LoadRound) => {
  void new Round(round).run().then((figures) => tell({ kind: 'done', figures }));
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
