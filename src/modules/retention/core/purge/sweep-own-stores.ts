import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { SurveyReport } from '../survey/survey-stores.js';
import { Survivors } from '../survey/survivors.js';
import { SweepStores } from './sweep-stores.js';

const EVERY_MS = 300_000;
const SURVEY_MS = 3_600_000;

/** How a process looks at what it has to itself. */
@Injectable()
export class OwnSurvey {
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly survivors: Survivors,
    private readonly report: SurveyReport,
    private readonly clock: Clock,
  ) {}

  /** Does nothing within an hour of the last time, unless the clock went back. */
  async runHourly(): Promise<void> {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextAtMs && this.nextAtMs - nowMs <= SURVEY_MS) return;
    await this.report.run(await this.survivors.ofProcess());
    this.nextAtMs = nowMs + SURVEY_MS;
  }
}

/**
 * Sweeps what this process has to itself, such as files on its disk, which no worker on another machine could reach. In every process, whatever its role, by
 * a timer of its own: it has to work where there is no queue.
 */
@Injectable()
export class SweepOwnStores implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly sweeping: SweepStores,
    private readonly survey: OwnSurvey,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await this.running;
  }

  /** One round, after the one that may be running. Does not reject: a database that is away is there for a later one. */
  run(): Promise<void> {
    this.running = this.running.then(() => this.round());
    return this.running;
  }

  private async round(): Promise<void> {
    const { signal } = this.stopped;
    if (signal.aborted) return;
    try {
      await this.sweeping.runOwn(signal);
      await this.survey.runHourly();
    } catch (error) {
      this.log.warn('what this process keeps to itself could not be looked at; the next round tries again', {
        component: 'retention',
        err: error,
      });
    }
  }
}
