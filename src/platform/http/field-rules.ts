import { ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { isId } from '../../kernel/ids.js';
import { Money } from '../../kernel/money.js';
import { textProblem } from './plain-input.js';

/** Characters that hide or reorder text: controls other than line breaks and tabs, and bidirectional overrides. */
const INVISIBLE = /[\p{Cc}\u202A-\u202E\u2066-\u2069\uFEFF]/u;
const LINE_BREAKS = /[\n\r\t]/g;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/;

function rule(name: string, message: string, validate: (value: unknown) => boolean, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    { name, validator: { validate, defaultMessage: () => (options?.each === true ? `each value ${message}` : message) } },
    options,
  );
}

export interface TextBounds {
  /** In code points. */
  readonly min: number;
  readonly max: number;
  /** Whether line breaks and tabs are allowed. */
  readonly multiline?: boolean;
}

/** The field may be left out; null is no way to leave it out, as `IsOptional` would have it. The rules below it hold for what is given. */
export function IfGiven(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** Text a person may read safely: well-formed, not blank when `min` is above 0, without invisible or reordering characters. */
export function IsCleanText(bounds: TextBounds, options?: ValidationOptions): PropertyDecorator {
  const message = `must be text of ${bounds.min} to ${bounds.max} characters without control characters${bounds.min > 0 ? ', not blank' : ''}`;
  return rule('isCleanText', message, (value) => isCleanText(value, bounds), options);
}

function isCleanText(value: unknown, bounds: TextBounds): boolean {
  if (typeof value !== 'string' || value.length > bounds.max * 2 || textProblem(value) !== undefined) return false;
  if (INVISIBLE.test(bounds.multiline === true ? value.replace(LINE_BREAKS, '') : value)) return false;
  const length = Array.from(value).length;
  return length >= bounds.min && length <= bounds.max && (bounds.min === 0 || value.trim() !== '');
}

/** An id of Lethe: a UUID in its text form. */
export function IsId(options?: ValidationOptions): PropertyDecorator {
  return rule('isId', 'must be a UUID', isId, options);
}

export interface AmountBounds {
  readonly allowZero?: boolean;
  readonly allowNegative?: boolean;
}

/** An exact amount of money as text, such as `"12.50"`: a number would already have lost digits. */
export function IsAmount(bounds: AmountBounds = {}, options?: ValidationOptions): PropertyDecorator {
  const sign = bounds.allowNegative === true ? '' : bounds.allowZero === true ? ' of zero or more' : ' above zero';
  const message = `must be an amount${sign}, written as text with at most 12 decimals, such as "12.50"`;
  return rule('isAmount', message, (value) => isAmount(value, bounds), options);
}

function isAmount(value: unknown, bounds: AmountBounds): boolean {
  if (!Money.isAmount(value)) return false;
  const amount = Money.parse(value);
  if (amount.isNegative()) return bounds.allowNegative === true;
  return !amount.isZero() || bounds.allowZero === true || bounds.allowNegative === true;
}

/** A whole number within bounds, both included. */
export function IsWholeNumber(bounds: { readonly min: number; readonly max: number }, options?: ValidationOptions): PropertyDecorator {
  const message = `must be a whole number from ${bounds.min} to ${bounds.max}`;
  return rule(
    'isWholeNumber',
    message,
    (value) => Number.isSafeInteger(value) && Number(value) >= bounds.min && Number(value) <= bounds.max,
    options,
  );
}

/** A moment in RFC 3339 form with its offset, such as `2026-01-31T12:00:00Z`. */
export function IsInstant(options?: ValidationOptions): PropertyDecorator {
  const message = 'must be a date and time with offset, such as "2026-01-31T12:00:00Z"';
  return rule('isInstant', message, (value) => typeof value === 'string' && INSTANT.test(value) && isRealDate(value), options);
}

/** Whether the calendar has that day: Date takes 30 February for 2 March. */
function isRealDate(value: string): boolean {
  const day = value.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(Date.parse(value)) && midnight.toISOString().startsWith(day);
}

/** A short name for addresses: lower-case letters, digits and inner hyphens, 1 to 63 characters. */
export function IsSlug(options?: ValidationOptions): PropertyDecorator {
  const message = 'must be 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit';
  return rule('isSlug', message, (value) => typeof value === 'string' && SLUG.test(value), options);
}
