import { Injectable } from '@nestjs/common';
import type { WindowedClass } from '../../../../contracts/data-classes.js';
import type { LeastWindow } from '../../../../contracts/expiring-tables.js';
import type { PolicyProfile } from '../../../../contracts/policy-profile.js';
import type { FieldError } from '../../../../kernel/errors.js';
import { ExpiringTableRegistry } from '../expiring-table-registry.js';

/** What other tables than those that expire by partition cannot do with less of. */
const ELSEWHERE: Readonly<Partial<Record<WindowedClass, LeastWindow>>> = {
  network_trace: { days: 1, reason: 'people are shown where their sessions were opened' },
};

/** What the tables there are cannot do with less of. */
@Injectable()
export class LeastWindows {
  constructor(private readonly registry: ExpiringTableRegistry) {}

  /** The longest of the least windows of a class; null when it may be 0. */
  of(dataClass: WindowedClass): LeastWindow | null {
    const least = this.registry
      .tables()
      .flatMap(({ window }) => ('dataClass' in window && window.dataClass === dataClass && window.least ? [window.least] : []));
    return least.sort((a, b) => b.days - a.days)[0] ?? ELSEWHERE[dataClass] ?? null;
  }

  /** What a profile gives less of than its stores need. */
  problemsOf({ plans, windows }: PolicyProfile): FieldError[] {
    return (Object.keys(windows) as WindowedClass[]).flatMap((dataClass) => {
      const least = this.of(dataClass);
      const shortest = Math.min(...plans.map((plan) => windows[dataClass].days[plan] ?? 0));
      if (least === null || shortest >= least.days) return [];
      return [{ field: `windows.${dataClass}`, message: `must be at least P${least.days}D, because ${least.reason}` }];
    });
  }
}
