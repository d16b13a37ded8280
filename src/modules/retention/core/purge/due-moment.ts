import type { RetentionRule } from '../../../../contracts/data-inventory.js';
import { DAY_MS } from '../../../../kernel/clock.js';

const PERIOD = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/;

/** Milliseconds of an ISO 8601 duration of days, hours and minutes, as the inventory writes them. Throws for anything else. */
export function durationMs(period: string): number {
  const [whole, days, hours, minutes] = PERIOD.exec(period) ?? [];
  if (whole === undefined || whole.length < 3) throw new TypeError(`${period} is no duration of days, hours and minutes`);
  return Number(days ?? 0) * DAY_MS + Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000;
}

/** The moment a UTC day (`YYYY-MM-DD`) is over: rows that expire on it are due then. */
export function endOfDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
}

/** Whether rows of such a table are deleted one by one, when a column says. */
export function isSwept(rule: RetentionRule): rule is Extract<RetentionRule, { kind: 'transient' | 'window' }> {
  return rule.kind === 'transient' || rule.kind === 'window';
}
