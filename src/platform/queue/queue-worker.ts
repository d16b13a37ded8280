import { setTimeout as sleep } from 'node:timers/promises';
import type { JobsOptions } from 'bullmq';
import type { Clock } from '../../kernel/clock.js';
import { kernelErrors } from '../../kernel/errors.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import type { Log } from '../telemetry/logger.js';
import { FinishedJobs } from './finished-jobs.js';
import type { JobRegistry } from './job-registry.js';
import { JobRunner, type QueueName } from './job-runner.js';
import { OutboxRelay, type OutgoingEvent } from './outbox-relay.js';
import { QueueSession } from './queue-session.js';
import { openStore, type JobQueue, type JobWorker, type QueueStore, type WorkerSettings } from './queue-store.js';
import { DEFAULT_TUNING, type QueueOptions, type QueueTuning } from './queue-options.js';
import type { JobMetrics, RepeatedJob } from './queue-ports.js';
import { Trouble } from './trouble.js';

const HAND_OVER_TIMEOUT_MS = 10_000;
const PING_TIMEOUT_MS = 3_000;
const RECOVERY_CHECK_MS = 1_000;

/** What the worker needs of the rest of the platform. */
export interface QueueSurroundings {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: JobMetrics;
}

interface Lane {
  readonly name: QueueName;
  readonly queue: JobQueue;
  readonly worker: JobWorker;
}

interface Running {
  readonly store: QueueStore;
  readonly lanes: Readonly<Record<QueueName, Lane>>;
}

const QUEUES = ['events', 'recurring', 'long'] as const;

/**
 * All of the queue that a process with the worker role runs: the relay, the three queues (`events`, `recurring`, `long`) and their workers.
 * Starting does not wait for the stores: it goes on trying until they answer, and meanwhile {@link check} rejects.
 */
export class QueueWorker {
  readonly finished: FinishedJobs;
  private readonly tuning: QueueTuning;
  private readonly session: QueueSession;
  private readonly relay: OutboxRelay;
  private readonly runner: JobRunner;
  private readonly stopped = new AbortController();
  private running: Running | undefined;
  private starting: Promise<void> | undefined;
  private watching: Promise<void> | undefined;
  private readonly trouble = new Trouble({
    begins: (error) => {
      this.around.log.warn('trouble with the queue; trying until it works', { err: error });
      void this.untilItWorks();
    },
    ends: () => this.around.log.info('the queue works again'),
  });

  constructor(
    private readonly options: QueueOptions,
    private readonly registry: JobRegistry,
    private readonly around: QueueSurroundings,
  ) {
    this.tuning = { ...DEFAULT_TUNING, ...options.tuning };
    const { keepCompleted: completed, keepFailed: failed } = this.tuning;
    this.finished = new FinishedJobs(() => (this.running ? lanesOf(this.running).map(({ queue }) => queue) : []), { completed, failed });
    this.relay = new OutboxRelay(around.unitOfWork, (events) => this.handOver(events), around.log, this.tuning);
    this.session = new QueueSession(options, around.log, this.tuning.reconnectMs, () => this.relay.wake());
    this.runner = new JobRunner(registry, this.session, around);
  }

  start(): void {
    this.starting ??= this.keepTrying();
  }

  /** Rejects with `lethe/unavailable` unless the store answers within 3 s and the workers run. */
  async check(): Promise<void> {
    const running = this.running;
    if (!running || !lanesOf(running).every(({ worker }) => worker.isRunning())) throw kernelErrors.unavailable();
    await within(PING_TIMEOUT_MS, running.store.ping()).catch((error: unknown) => {
      throw kernelErrors.unavailable({ cause: error });
    });
  }

  /**
   * Takes nothing new, asks running jobs to stop and waits for them, at most `shutdownMs`. A job that will not end keeps its lock
   * until that expires; then another worker runs it again.
   */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.starting;
    const running = this.running;
    // Closing comes first: a worker that is not closing would at once take back the job it has just given back.
    const workers = running ? lanesOf(running).map(({ worker }) => worker.close()) : [];
    const parts = [...workers, this.relay.stop(), this.watching ?? Promise.resolve()];
    this.runner.abort();
    const inTime = await within(this.tuning.shutdownMs, Promise.allSettled(parts)).then(
      () => true,
      () => false,
    );
    if (!inTime) this.around.log.warn('jobs were still running when the time to shut down was over; they will run again');
    await this.session.stop();
    const closed = running ? close(running) : Promise.resolve();
    if (inTime) await within(PING_TIMEOUT_MS, closed).catch(() => undefined);
    this.running = undefined;
  }

  /** Empties the stream of what happened to which job. */
  async forgetEvents(): Promise<void> {
    const running = this.running;
    if (!running) return;
    for (const { queue } of lanesOf(running)) await running.store.forgetEvents(queue);
  }

  /**
   * BullMQ remembers a failed first connection for ever, so nothing of it is made before the store has answered, and all of
   * it is thrown away and made anew when getting ready fails none the less (peers 25).
   */
  private async keepTrying(): Promise<void> {
    this.session.start();
    while (!this.stopped.signal.aborted) {
      const store = openStore(this.options, this.onTrouble);
      try {
        await within(HAND_OVER_TIMEOUT_MS, store.ping());
        this.running = await this.open(store);
        this.relay.start();
        this.watching = this.watchSchedules(this.running);
        this.around.log.info('the queue is running', { backend: this.options.redisUrl === undefined ? 'postgres' : 'redis' });
        return;
      } catch (error) {
        this.onTrouble(error);
        await store.close().catch(() => undefined);
        await this.pause(this.tuning.reconnectMs);
      }
    }
  }

  private async open(store: QueueStore): Promise<Running> {
    const { concurrency, longConcurrency, lockMs, stalledCheckMs, reconnectMs } = this.tuning;
    const settings: WorkerSettings = {
      concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledCheckMs,
      maxStalledCount: 3,
      runRetryDelay: reconnectMs,
      autorun: false,
    };
    const lane = (name: QueueName, own: Partial<WorkerSettings> = {}): Lane => ({
      name,
      queue: store.queue(name),
      worker: store.worker(name, this.runner[name], { ...settings, ...own }),
    });
    const lanes = { events: lane('events'), recurring: lane('recurring'), long: lane('long', { concurrency: longConcurrency }) };
    const running: Running = { store, lanes };
    try {
      await Promise.all(lanesOf(running).flatMap(({ queue, worker }) => [queue.waitUntilReady(), worker.waitUntilReady()]));
      await this.unscheduleRemoved(running);
      await this.schedule(running);
    } catch (error) {
      await close(running);
      throw error;
    }
    for (const { name, worker } of lanesOf(running)) {
      this.runner.watch(worker, name);
      // `run` resolves when the worker is closed.
      void worker.run().catch((error: unknown) => this.onTrouble(error));
    }
    return running;
  }

  /** Puts every recurring job on the schedule. A round that is already there keeps its time, so this can be done again and again. */
  private async schedule({ lanes }: Running): Promise<void> {
    for (const job of this.registry.jobs()) {
      const { queue } = lanes[laneOf(job)];
      const template = { name: job.name, data: {}, opts: { ...this.keeping(), attempts: 1 } };
      await queue.upsertJobScheduler(job.name, { every: job.everySeconds * 1_000 }, template);
    }
  }

  /** Takes jobs the code no longer knows off the schedule. Only on start: later, a newer version's jobs may be among them. */
  private async unscheduleRemoved({ lanes }: Running): Promise<void> {
    for (const { name, queue } of [lanes.recurring, lanes.long]) {
      for (const { key } of await queue.getJobSchedulers(0, -1)) {
        const job = this.registry.job(key);
        if (!job || laneOf(job) !== name) await queue.removeJobScheduler(key);
      }
    }
  }

  private async watchSchedules(running: Running): Promise<void> {
    while (await this.pause(this.tuning.scheduleCheckMs)) {
      await this.schedule(running).catch((error: unknown) => this.onTrouble(error));
    }
  }

  private async handOver(events: readonly OutgoingEvent[]): Promise<void> {
    const queue = this.running?.lanes.events.queue;
    if (!queue) throw kernelErrors.unavailable();
    const { attempts, backoffMs } = this.tuning;
    const options: JobsOptions = { ...this.keeping(), attempts, backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 } };
    // One by one: the backend's bulk form makes temporary tables and sequences, for which the queue's role has no right.
    const added = events.map((event) => queue.add(event.topic, event.payload, { ...options, jobId: event.id }));
    await within(HAND_OVER_TIMEOUT_MS, Promise.all(added));
  }

  private keeping(): JobsOptions {
    return { removeOnComplete: { ...this.tuning.keepCompleted }, removeOnFail: { ...this.tuning.keepFailed }, stackTraceLimit: 0 };
  }

  /** Waits; says whether there is a reason to go on. */
  private async pause(ms: number): Promise<boolean> {
    await sleep(ms, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    return !this.stopped.signal.aborted;
  }

  private readonly onTrouble = (error: unknown): void => this.trouble.noticed(error);

  private async untilItWorks(): Promise<void> {
    let works = false;
    while (!works && (await this.pause(RECOVERY_CHECK_MS))) {
      works = await this.check().then(
        () => true,
        () => false,
      );
    }
    if (works) this.trouble.over();
  }
}

function lanesOf({ lanes }: Running): readonly Lane[] {
  return QUEUES.map((name) => lanes[name]);
}

function laneOf({ isLong }: RepeatedJob): 'recurring' | 'long' {
  return isLong === true ? 'long' : 'recurring';
}

async function close(running: Running): Promise<void> {
  await Promise.allSettled(lanesOf(running).flatMap(({ queue, worker }) => [worker.close(true), queue.close()]));
  await running.store.close();
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(kernelErrors.unavailable()));
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
