/** Mean lengths of the Gregorian calendar, days. A period is rounded up, so that what the law asks for is never a day short. */
const UNIT_DAYS: Readonly<Record<string, number>> = { D: 1, W: 7, M: 365.2425 / 12, Y: 365.2425 };

/**
 * Days of an ISO 8601 period with one unit, such as `P30D` or `P13M`, or 0 for `none`. Months and years count by their mean length: a window is a
 * number of days, whatever day it begins on. Null when the text is neither.
 */
export function daysOfPeriod(text: string): number | null {
  if (text === 'none') return 0;
  const [, count, unit] = /^P([1-9]\d{0,3})([DWMY])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? null : Math.ceil(Number(count) * (UNIT_DAYS[unit] ?? 0));
}

/** Hours of an ISO 8601 period of hours, such as `PT72H`. */
export function hoursOfPeriod(text: string): number | null {
  const [, hours] = /^PT([1-9]\d{0,3})H$/.exec(text) ?? [];
  return hours === undefined ? null : Number(hours);
}
