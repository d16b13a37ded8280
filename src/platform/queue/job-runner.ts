import { setTimeout as sleep } from 'node:timers/promises';
import { WaitingError, type Job } from 'bullmq';
import type { Clock } from '../../kernel/clock.js';
import { errorCatalogue } from '../../kernel/errors.js';
import type { Log } from '../telemetry/logger.js';
import type { JobOutcome } from '../telemetry/metrics.js';
import { failureCode } from './failure-code.js';
import type { JobRegistry } from './job-registry.js';
import type { JobMetrics, QueuedEvent } from './queue-ports.js';
import type { QueueSession } from './queue-session.js';
import type { JobProcessor, JobWorker } from './queue-store.js';

const queueErrors = errorCatalogue('queue', {
  unknown_job: { status: 500, message: 'No handler is registered for this job.' },
  given_back: { status: 503, message: 'The job was cut short and will run again.' },
});

const GIVE_BACK_TRIES = 30;

/** What BullMQ is told of a failure, and therefore all it can store: a code. No message, no stack, no cause. */
class JobFailure extends Error {
  override readonly name = 'JobFailure';

  constructor(code: string) {
    super(code);
    this.stack = '';
  }
}

type Work = (job: Job<unknown, null>, signal: AbortSignal) => Promise<'completed' | 'skipped'>;
/** Of outbox events, of recurring jobs, and of those among them that take long. */
export type QueueName = 'events' | 'recurring' | 'long';

type Try = { readonly queue: QueueName; readonly job: Job<unknown, null>; readonly startedMs: number };

/**
 * Runs jobs for a worker and stands between them and BullMQ: what a job throws goes to the log and the metrics, and only
 * its code to the store, because BullMQ keeps messages and stacks of failures for days (C1, peers 29).
 */
export class JobRunner {
  private readonly shutdown = new AbortController();

  constructor(
    private readonly registry: JobRegistry,
    private readonly session: Pick<QueueSession, 'hold'>,
    private readonly telemetry: { readonly log: Log; readonly metrics: JobMetrics; readonly clock: Clock },
  ) {}

  /** Asks every running job to stop; what does not finish is given back to the queue and runs again elsewhere. */
  abort(): void {
    this.shutdown.abort();
  }

  /** For the queue of outbox events: the job's name is the topic. */
  readonly events: JobProcessor = this.guarded('events', async (job, signal) => {
    const handler = this.registry.handler(job.name);
    // Not dropped and not dead at once: while a new version is rolled out, another worker may know the topic.
    if (!handler) throw queueErrors.unknown_job();
    await handler.handle(job.data as QueuedEvent['payload'], signal);
    return 'completed';
  });

  /** For the queue of recurring jobs: a round is skipped while another one of the same job runs anywhere. */
  readonly recurring: JobProcessor = this.guarded('recurring', (job, signal) => this.round(job, signal));

  /** For the queue of recurring jobs that take long. */
  readonly long: JobProcessor = this.guarded('long', (job, signal) => this.round(job, signal));

  /** Logs and counts what happens to jobs outside of their rounds. */
  watch(worker: JobWorker, queue: QueueName): void {
    worker.on('failed', (job, error) => {
      if (error instanceof JobFailure) return;
      this.telemetry.log.error('a job was given up because its workers died', { queue, job: job?.name, jobId: job?.id });
      this.telemetry.metrics.jobFinished(this.label(job?.name), 'dead', 0);
    });
    worker.on('stalled', (jobId) => this.telemetry.log.warn('a job lost its worker and runs again', { queue, jobId }));
  }

  private async round(job: Job<unknown, null>, signal: AbortSignal): Promise<'completed' | 'skipped'> {
    const recurring = this.registry.job(job.name);
    if (!recurring) throw queueErrors.unknown_job();
    const held = await this.session.hold(job.name);
    if (!held) return 'skipped';
    const either = AbortSignal.any([signal, held.lost]);
    try {
      await recurring.run(either);
    } catch (error) {
      throw either.aborted ? queueErrors.given_back({ cause: error }) : error;
    } finally {
      await held.release();
    }
    // A round that stops when asked to returns as if it were done; it is not.
    if (either.aborted) throw queueErrors.given_back();
    return 'completed';
  }

  private guarded(queue: QueueName, work: Work): JobProcessor {
    return async (job, token, lockLost) => {
      const attempt: Try = { queue, job, startedMs: this.telemetry.clock.monotonicMs() };
      const signal = lockLost ? AbortSignal.any([this.shutdown.signal, lockLost]) : this.shutdown.signal;
      try {
        if (signal.aborted) throw queueErrors.given_back();
        this.count(attempt, await work(job, signal));
        return null;
      } catch (error) {
        const code = failureCode(error);
        if (code === 'queue/given_back' || signal.aborted) await this.giveBack(attempt, token);
        this.report(attempt, error);
        throw new JobFailure(code);
      }
    };
  }

  private report(attempt: Try, error: unknown): void {
    const { queue, job } = attempt;
    const tries = job.attemptsMade + 1;
    const fields = { queue, job: job.name, jobId: job.id, attempt: tries, err: error };
    const isLast = queue === 'events' && tries >= (job.opts.attempts ?? 1);
    if (isLast) this.telemetry.log.error('a job failed for the last time', fields);
    else this.telemetry.log.warn('a job failed and will be tried again', fields);
    this.count(attempt, isLast ? 'dead' : 'failed');
  }

  /** Puts the job back as if it had never been taken, using up no attempt. Always throws. */
  private async giveBack(attempt: Try, token: string | undefined): Promise<never> {
    this.count(attempt, 'given_back');
    // A store that is away for a moment must not turn an interruption into a failure; past its lock the job is rescued anyway.
    for (let tries = 1; ; tries += 1) {
      try {
        await attempt.job.moveToWait(token);
        throw new WaitingError();
      } catch (error) {
        if (error instanceof WaitingError) throw error;
        if (this.shutdown.signal.aborted || tries === GIVE_BACK_TRIES) throw new JobFailure('queue/given_back');
        await sleep(1_000);
      }
    }
  }

  private count(attempt: Try, outcome: JobOutcome): void {
    const seconds = (this.telemetry.clock.monotonicMs() - attempt.startedMs) / 1_000;
    this.telemetry.metrics.jobFinished(this.label(attempt.job.name), outcome, seconds);
  }

  /** Names come from the store, and only those the code knows may become labels. */
  private label(name: string | undefined): string {
    return name !== undefined && (this.registry.handler(name) ?? this.registry.job(name)) ? name : 'unknown';
  }
}
