import { Injectable } from '@nestjs/common';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../../contracts/data-classes.js';
import type { ExpiringTable } from '../../../../contracts/expiring-tables.js';
import { PolicyProfile } from '../../../../contracts/policy-profile.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import { Clock, utcDay, utcDayAfter } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type FiledDays, type FiledWindow, FiledWindowsRepository, NOBODY } from '../../data/filed-windows.repository.js';
import { ExpiringTableRegistry } from '../expiring-table-registry.js';
import { Partitions } from '../partitions.js';
import { Receipts } from '../receipts/receipts.js';
import { classOf } from './known-tables.js';

/** Rows filed anew in one transaction. */
const BATCH = 5_000;
const HOUR_MS = 3_600_000;
/** Whoever wrote a row within this time may still look for it under its day, as a late settlement does. */
const SETTLED_AFTER_MS = HOUR_MS;
/** When what has changed is looked at once more: by then all replicas file by the new windows, and what they filed before has settled. */
const RECHECK_AFTER_MS = 2 * HOUR_MS;

/** What says how rows have to be filed, and how they are. */
@Injectable()
export class FilingRules {
  constructor(
    readonly registry: ExpiringTableRegistry,
    readonly windows: RetentionWindows,
    readonly profile: PolicyProfile,
    readonly filed: FiledWindowsRepository,
  ) {}
}

/** Where rows are filed anew. */
@Injectable()
export class FilingDesk {
  constructor(
    readonly partitions: Partitions,
    readonly receipts: Receipts,
    readonly unitOfWork: UnitOfWork,
  ) {}
}

/**
 * Files rows under an earlier day when a window has become shorter: another plan, a wish of the organisation's, another profile (D2). And rows
 * filed beyond any window, by a clock that was ahead (peers 20). In bounded batches that each commit with their note; a row that is filed right
 * is not found again, so a run that is killed is simply run again. Nothing is ever filed later.
 */
@Injectable()
export class RefileRows {
  constructor(
    private readonly rules: FilingRules,
    private readonly desk: FilingDesk,
    private readonly clock: Clock,
  ) {}

  async run(signal?: AbortSignal): Promise<void> {
    const tables = this.rules.registry.tables().filter(({ fixed }) => fixed !== true);
    for (const table of tables) await this.clamp(table, signal);
    const [all, isOtherProfile] = await this.desk.unitOfWork.asSystem(async (tx) => [
      await this.rules.filed.list(tx),
      await this.rules.filed.isProfileToBeFiled(tx),
    ]);
    // Once nobody's windows are known everyone's from before are, and whoever changes one's windows says what they were: an organisation that is not known is
    // new, and filed by its windows from the start. Unless another profile has come into force: it may be from before that.
    const isFirstRun = all.at(-1)?.days === null;
    let isComplete = true;
    for (const each of all) {
      if (signal?.aborted === true) return;
      const isNew = each.days === null && !isFirstRun && !isOtherProfile;
      // What somebody's windows were before a change says nothing of what was stored before anybody looked.
      const known = isFirstRun ? { ...each, days: null } : each;
      isComplete = (await (isNew ? this.begin(each) : this.bringUpToDate(known, tables, signal))) && isComplete;
    }
    await this.desk.unitOfWork.asSystem(async (tx) => {
      await this.rules.filed.forgetRemoved(tx);
      if (isComplete) await this.rules.filed.markProfileFiled(tx, this.rules.profile.digest, this.clock.now());
    });
    for (const { table } of tables) await this.desk.receipts.close(table, 'refiled');
  }

  private async begin({ organisationId, version }: FiledWindow): Promise<boolean> {
    await this.desk.unitOfWork.asSystem(async (tx) => {
      await this.rules.filed.putFirst(tx, organisationId, this.daysOf(organisationId));
      await this.rules.filed.markFiled(tx, organisationId, version);
    });
    return true;
  }

  /** Whether everything of the organisation's is filed as it has to be, and stays so. */
  private async bringUpToDate(state: FiledWindow, tables: readonly ExpiringTable[], signal?: AbortSignal): Promise<boolean> {
    const { organisationId, recheckAt, version } = state;
    const days = this.daysOf(organisationId);
    const isDue = recheckAt !== null && recheckAt <= this.clock.now();
    const shorter = WINDOWED_CLASSES.filter((each) => isDue || isShorter(each, days, state.days));
    const isSame = state.days !== null && WINDOWED_CLASSES.every((each) => days[each] === state.days?.[each]);
    if (shorter.length === 0 && isSame) return recheckAt === null;
    for (const table of tables) {
      const { window } = table;
      if (!('dataClass' in window) || !shorter.includes(window.dataClass)) continue;
      if (!(await this.refile(table, organisationId, days[window.dataClass] ?? 0, signal))) return false;
    }
    // Lengthened windows need nothing moved: what is written from now on is kept for longer.
    const again = isDue || shorter.length === 0 ? null : new Date(this.clock.nowMs() + RECHECK_AFTER_MS);
    await this.desk.unitOfWork.asSystem(async (tx) => {
      await this.rules.filed.put(tx, organisationId, days, again);
      if (again === null) await this.rules.filed.markFiled(tx, organisationId, version);
    });
    return again === null;
  }

  /** Rows filed later than any window reaches, whoever they belong to. */
  private async clamp(table: ExpiringTable, signal?: AbortSignal): Promise<void> {
    const { window } = table;
    const longest = 'longestDays' in window ? window.longestDays : Math.max(0, ...this.rules.windows.inForce(window.dataClass));
    await this.refile(table, null, longest, signal);
  }

  /** False when it could not be finished: the table was busy, or there is no time left. */
  private async refile(table: ExpiringTable, organisationId: string | null, days: number, signal?: AbortSignal): Promise<boolean> {
    const { partitions, receipts } = this.desk;
    const nowMs = this.clock.nowMs();
    const today = utcDay(nowMs);
    // Rows are filed by their own day plus the window. A partition that is due by now holds nothing that could be filed earlier.
    const from = organisationId === null ? utcDayAfter(nowMs, days) : utcDayAfter(nowMs, -1);
    const step = {
      store: table.table,
      action: 'refiled',
      dataClass: classOf(table),
      cutOff: this.clock.now(),
      beganAt: this.clock.now(),
    } as const;
    for (const { day } of (await partitions.list(table.table)).filter((each) => each.day > from)) {
      const settledBefore = new Date(nowMs - SETTLED_AFTER_MS);
      const refiling = { table: table.table, day, organisationId, days, today, settledBefore };
      for (let moved: number | null = BATCH; moved !== 0; ) {
        if (signal?.aborted === true) return false;
        moved = await partitions.refile(refiling, BATCH, (tx, rows) =>
          receipts.note(tx, { ...step, partitions: 0, rows, rowsExact: true, bytes: null, held: 0 }),
        );
        if (moved === null) return false;
      }
    }
    return true;
  }

  private daysOf(organisationId: FiledWindow['organisationId']): FiledDays {
    const whose = organisationId === NOBODY ? null : organisationId;
    return Object.fromEntries(WINDOWED_CLASSES.map((each) => [each, this.rules.windows.days(each, whose)]));
  }
}

/** Not known before is looked at once: rows may be there from before windows were. */
function isShorter(dataClass: WindowedClass, now: FiledDays, before: FiledDays | null): boolean {
  const was = before?.[dataClass];
  return was === undefined || (now[dataClass] ?? 0) < was;
}
