import { WINDOWED_CLASSES, type WindowedClass } from '../../../../contracts/data-classes.js';
import type { PolicyProfile } from '../../../../contracts/policy-profile.js';
import type { AskedDays } from '../../data/organisation-policies.repository.js';

export type DaysByClass = Readonly<Record<WindowedClass, number>>;

/**
 * The windows of an organisation on a plan that asked for these days. What it asked for counts as far as the profile allows now: it may have been
 * asked for under another one. A plan the profile does not have is taken for its first.
 */
export function effectiveDays({ plans, windows }: PolicyProfile, plan: string, asked: AskedDays): DaysByClass {
  const known = plans.includes(plan) ? plan : (plans[0] ?? '');
  const entries = WINDOWED_CLASSES.map((each) => {
    const { days, longestDays, mayShorten } = windows[each];
    const own = days[known] ?? 0;
    const wanted = asked[each] ?? own;
    return [each, Math.min(Math.max(wanted, mayShorten ? 0 : own), longestDays[known] ?? own)] as const;
  });
  return Object.fromEntries(entries) as Record<WindowedClass, number>;
}
