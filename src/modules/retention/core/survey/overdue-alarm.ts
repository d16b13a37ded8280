import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { DataClass } from '../../../../contracts/data-classes.js';
import { type StaffMessage, StaffNews } from '../../../../contracts/staff-news.js';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { AlarmsRepository } from '../../data/alarms.repository.js';
import { ReceiptsRepository } from '../../data/receipts.repository.js';

const HOUR_MS = 3_600_000;
/** Whoever looks looks once an hour: what none of them has seen for longer is over. */
const QUIET_MS = 1.5 * HOUR_MS;

/** Something that outlived its time by more than a purge cycle. */
export interface Overdue {
  readonly store: string;
  readonly dataClass: DataClass;
  readonly overdueMs: number;
}

/** Where it is written that something is overdue, and who hears of it. */
@Injectable()
export class AlarmBell {
  constructor(
    readonly alarms: AlarmsRepository,
    readonly receipts: ReceiptsRepository,
    readonly audit: AuditLog,
    private readonly discovery: DiscoveryService,
  ) {}

  async tell(tx: Tx, message: StaffMessage): Promise<void> {
    const [news] = this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof StaffNews ? [instance] : []));
    await news?.tell(tx, message);
  }
}

/**
 * Says that something is kept past its time (D2): in the log at each look, in the audit log once a day and store, and to the operator's staff when it begins
 * for a class and when it has ended.
 */
@Injectable()
export class OverdueAlarm {
  constructor(
    private readonly bell: AlarmBell,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async raise(overdue: readonly Overdue[]): Promise<void> {
    for (const each of overdue) {
      this.log.error('something is kept past its time', { component: 'retention', store: each.store, ageMs: each.overdueMs });
      await this.unitOfWork.asSystem((tx) => this.write(tx, each));
    }
    for (const [dataClass, stores] of Map.groupBy(overdue, (each) => each.dataClass)) {
      const [longest] = stores.toSorted((a, b) => b.overdueMs - a.overdueMs);
      if (longest === undefined) continue;
      const { store, overdueMs } = longest;
      await this.unitOfWork.asSystem(async (tx) => {
        if (!(await this.bell.alarms.raise(tx, dataClass, this.clock.now()))) return;
        await this.bell.tell(tx, { kind: 'data_overdue', values: { dataClass, store, hours: Math.floor(overdueMs / HOUR_MS) } });
      });
    }
  }

  /** Ends the alarms of which nobody, in any process, has seen anything of late. */
  async end(): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      for (const dataClass of await this.bell.alarms.end(tx, new Date(this.clock.nowMs() - QUIET_MS))) {
        await this.bell.audit.record(tx, {
          actor: { kind: 'system', id: 'retention' },
          action: 'retention.overdue_ended',
          organisationId: null,
          target: { type: 'data_class', id: dataClass },
          detail: {},
        });
        await this.bell.tell(tx, { kind: 'data_overdue_ended', values: { dataClass } });
      }
    });
  }

  private async write(tx: Tx, { store, dataClass, overdueMs }: Overdue): Promise<void> {
    if (!(await this.bell.receipts.markAlarm(tx, store, utcDay(this.clock.nowMs())))) return;
    await this.bell.audit.record(tx, {
      actor: { kind: 'system', id: 'retention' },
      action: 'retention.overdue',
      organisationId: null,
      target: { type: 'store', id: store },
      detail: { dataClass, overdueHours: Math.floor(overdueMs / HOUR_MS) },
    });
  }
}
