import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Public } from '../platform/http/access.js';
import { type Probe, ReadinessProbes } from './readiness-probes.js';

/** Whether this process runs, and whether it should be sent work. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly probes: ReadinessProbes,
  ) {}

  /** Answers as long as the process can answer at all. Restart it when it does not. */
  @Get('live')
  @Public()
  @Header('cache-control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Whether to send requests here. A gateway stays ready while PostgreSQL is away: known keys work and the journal takes the records.
   * The admin API and the worker are not ready without their stores.
   */
  @Get('ready')
  @Public()
  @Header('cache-control', 'no-store')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(this.probes.all().map((probe) => () => this.indicate(probe)));
  }

  private async indicate(probe: Probe): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(probe.name);
    try {
      await probe.run();
      return indicator.up();
    } catch {
      // Why is in the log where the fault happened; here only that.
      return indicator.down();
    }
  }
}
