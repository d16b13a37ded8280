import type { ErasureException } from '../../contracts/data-inventory.js';

/** A name of the code as words. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** An ISO 8601 duration of days, hours and minutes as words. */
export function durationText(within: string): string {
  const [, days, hours, minutes] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(within) ?? [];
  const spoken = Object.entries({ day: days, hour: hours, minute: minutes }).flatMap(([unit, count]) =>
    count === undefined ? [] : [`${count} ${unit}${count === '1' ? '' : 's'}`],
  );
  return spoken.join(' and ');
}

export const EXCEPTIONS: Readonly<Record<ErasureException, string>> = {
  legal_obligation: 'Art. 17(3)(b) GDPR: legal obligation',
  legal_claims: 'Art. 17(3)(e) GDPR: legal claims',
};
