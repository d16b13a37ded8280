import { Worker } from 'node:worker_threads';
import { type RedactionDrop, type RedactionInput, type RedactionOutcome, Redactor } from '../../redaction.contract.ts';
import type { RedactionRules } from './redact-body.ts';
import type { RedactionAnswer, RedactionRequest } from './redaction-messages.ts';

export interface RedactorLimits {
  /** Larger bodies are dropped: redaction comes before any truncation, never after it. */
  readonly maxBytes: number;
  /** Calls that may wait, the one being worked on included. */
  readonly maxWaiting: number;
  /** From the moment the worker is given a call. A worker that takes longer is ended. */
  readonly timeoutMs: number;
}

export const DEFAULT_LIMITS: RedactorLimits = { maxBytes: 2 * 1024 * 1024, maxWaiting: 32, timeoutMs: 5000 };

/** Nothing in Lethe is worth more of a process's memory than this for cleaning a copy. */
const WORKER_HEAP_MB = 256;

interface Job {
  readonly request: RedactionRequest;
  readonly settle: (outcome: RedactionOutcome) => void;
}

/**
 * One worker thread, started with the first call. Calls wait in order; one that runs too long or brings the worker down is dropped
 * alone, and the next gets a new worker.
 */
export class WorkerRedactor extends Redactor {
  private readonly waiting: Job[] = [];
  private current: Job | undefined;
  private worker: Worker | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private sequence = 0;
  private readonly rules: RedactionRules;
  private readonly limits: RedactorLimits;

  constructor(rules: RedactionRules, limits: RedactorLimits = DEFAULT_LIMITS) {
    super();
    this.rules = rules;
    this.limits = limits;
  }

  override redact(input: RedactionInput): Promise<RedactionOutcome> {
    if (this.stopped) return Promise.resolve(dropped('failed'));
    if (input.body.byteLength > this.limits.maxBytes) return Promise.resolve(dropped('too_large'));
    if (this.waiting.length + Number(this.current !== undefined) >= this.limits.maxWaiting) return Promise.resolve(dropped('busy'));
    const { body, headers = {}, knownSecrets } = input;
    const request = { id: ++this.sequence, body, headers, knownSecrets };
    return new Promise((settle) => {
      this.waiting.push({ request, settle });
      this.next();
    });
  }

  override async stop(): Promise<void> {
    this.stopped = true;
    const { worker } = this;
    this.finish(dropped('failed'));
    for (const { settle } of this.waiting.splice(0)) settle(dropped('failed'));
    this.worker = undefined;
    await worker?.terminate();
  }

  private next(): void {
    if (this.current !== undefined || this.stopped) return;
    this.current = this.waiting.shift();
    if (this.current === undefined) {
      // An idle worker does not keep the process alive.
      this.worker?.unref();
      return;
    }
    this.worker ??= this.start();
    this.worker.ref();
    this.timer = setTimeout(() => this.replace('timed_out'), this.limits.timeoutMs);
    try {
      this.worker.postMessage(this.current.request);
    } catch {
      this.replace('failed');
    }
  }

  private start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./redaction-worker.${extension}`, import.meta.url), {
      workerData: this.rules,
      // Nothing of the process's environment or options is the worker's business, and it writes nothing anywhere.
      env: {},
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    worker.on('message', (answer: RedactionAnswer) => this.answered(answer));
    worker.on('error', () => this.lost(worker));
    worker.on('exit', () => this.lost(worker));
    return worker;
  }

  private answered(answer: RedactionAnswer): void {
    if (answer.id !== this.current?.request.id) return;
    if (answer.kind === 'dropped') this.finish(dropped(answer.reason));
    else this.finish({ kind: 'redacted', body: answer.body, headers: answer.headers, findings: answer.findings });
    this.next();
  }

  private lost(worker: Worker): void {
    if (worker === this.worker) this.replace('failed');
  }

  /** Gives up the worker with the call it has. */
  private replace(reason: RedactionDrop): void {
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
    this.finish(dropped(reason));
    this.next();
  }

  private finish(outcome: RedactionOutcome): void {
    clearTimeout(this.timer);
    const job = this.current;
    this.current = undefined;
    job?.settle(outcome);
  }
}

function dropped(reason: RedactionDrop): RedactionOutcome {
  return { kind: 'dropped', reason };
}
