import { ValidateBy } from 'class-validator';

const LONGEST = 35;

/** A language tag in its canonical form, such as `de` or `zh-Hans` (BCP 47). */
export function IsLocale(): PropertyDecorator {
  const message = 'must be a language tag such as "en" or "zh-Hans"';
  return ValidateBy({ name: 'isLocale', validator: { validate: isLocale, defaultMessage: () => message } });
}

function isLocale(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > LONGEST || !/^[A-Za-z0-9-]+$/.test(value)) return false;
  try {
    return Intl.getCanonicalLocales(value)[0] === value;
  } catch {
    return false;
  }
}
