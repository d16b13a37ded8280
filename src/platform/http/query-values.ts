import { Transform } from 'class-transformer';

// What stands in a query is text. Text of another form stays as it is, for the rules of its field to refuse.

/** A whole number, as far as one holds it exactly: at most 16 digits. */
export function AsNumber(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value));
}

/** A list, with commas between. */
export function AsList(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value));
}
