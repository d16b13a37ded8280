import { parseFilter } from '../../core/scim/filter.js';
import { scimErrors } from '../../scim.errors.js';
import type { Slice } from '../../data/scim-users.repository.js';

const DEFAULT_COUNT = 100;
export const MAX_COUNT = 200;
const MAX_INDEX = 1_000_000;
const MAX_NAMES = 512;

export type ScimQuery = Readonly<Record<string, unknown>>;

/** The part of a list that a query asks for (RFC 7644 §3.4.2). Raises `scim/invalid_filter` and `scim/invalid_value`. */
export function sliceOf(query: ScimQuery): Slice {
  const { filter } = query;
  if (filter !== undefined && typeof filter !== 'string') throw scimErrors.invalid_filter();
  return {
    filter: filter === undefined || filter.trim() === '' ? null : parseFilter(filter),
    // A value below 1 means 1, a negative count 0.
    offset: Math.min(MAX_INDEX, Math.max(1, wholeNumber(query.startIndex, 'startIndex', 1))) - 1,
    limit: Math.min(MAX_COUNT, Math.max(0, wholeNumber(query.count, 'count', DEFAULT_COUNT))),
  };
}

function wholeNumber(value: unknown, name: string, otherwise: number): number {
  if (value === undefined || value === '') return otherwise;
  if (typeof value !== 'string' || !/^-?\d{1,9}$/.test(value))
    throw scimErrors.invalid_value({ message: `${name}: must be a whole number.` });
  return Number(value);
}

/** Whether an answer to this query shows an attribute that may be large: `attributes` names it, or `excludedAttributes` does not. */
export function shows(query: ScimQuery, attribute: string): boolean {
  const wanted = namesOf(query.attributes);
  return wanted === null ? !(namesOf(query.excludedAttributes) ?? []).includes(attribute) : wanted.includes(attribute);
}

/** The resource with what the query asks for and nothing else; `schemas` and `id` always (RFC 7644 §3.9). */
export function projected(resource: Readonly<Record<string, unknown>>, query: ScimQuery): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resource).filter(([name]) => name === 'schemas' || name === 'id' || shows(query, name.toLowerCase())),
  );
}

/** In lower case, of `name.familyName` its beginning; null when there are none. */
function namesOf(value: unknown): string[] | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  if (value.length > MAX_NAMES) throw scimErrors.invalid_value({ message: 'attributes, excludedAttributes: are too long.' });
  return value.split(',').map((name) => {
    const plain = name.trim().toLowerCase();
    return plain.slice(plain.lastIndexOf(':') + 1).split('.')[0] ?? '';
  });
}
