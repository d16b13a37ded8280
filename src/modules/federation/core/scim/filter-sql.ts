import { scimErrors } from '../../scim.errors.js';
import type { Comparison, Filter } from './filter.js';

/** What an attribute is searched in: a column compared exactly or without regard to case, a yes or no, or a member of a group. */
export type SearchColumn =
  | { readonly kind: 'text'; readonly column: string; readonly caseExact: boolean }
  | { readonly kind: 'id'; readonly column: string }
  | { readonly kind: 'boolean'; readonly column: string }
  /** SQL with `$value` where the id of the member goes. */
  | { readonly kind: 'member'; readonly exists: string }
  /** Something every row has the same: what is kept as an e-mail address is the one at work. */
  | { readonly kind: 'constant'; readonly value: string | boolean };

export type SearchColumns = Readonly<Record<string, SearchColumn>>;

export interface SqlCondition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The filter as a condition whose parameters are numbered from `first`. Only columns of the table appear in it, never a word of the filter. Raises `scim/invalid_filter`. */
export function filterSql(filter: Filter, columns: SearchColumns, first: number): SqlCondition {
  const parameters: unknown[] = [];
  const add = (value: unknown): string => `$${first + parameters.push(value) - 1}`;
  const write = (part: Filter): string =>
    part.kind === 'comparison' ? comparison(part, columns, add) : `(${write(part.left)} ${part.kind.toUpperCase()} ${write(part.right)})`;
  return { sql: write(filter), parameters };
}

function comparison({ attribute, operator, value }: Comparison, columns: SearchColumns, add: (value: unknown) => string): string {
  const column = Object.hasOwn(columns, attribute) ? columns[attribute] : undefined;
  if (column === undefined) throw unusable('It names an attribute that cannot be searched.');
  if (column.kind === 'text' && typeof value === 'string') {
    const [left, right] = column.caseExact ? [column.column, add(value)] : [`lower(${column.column})`, `lower(${add(value)}::text)`];
    if (operator === 'eq') return `${left} IS NOT DISTINCT FROM ${right}`;
    return operator === 'sw' ? `starts_with(${left}, ${right})` : `position(${right} IN ${left}) > 0`;
  }
  if (operator !== 'eq') throw unusable('It compares with co or sw what is no text.');
  if (column.kind === 'constant') return String(sameConstant(column.value, value));
  if (column.kind === 'boolean') return `${column.column} = ${add(asBoolean(value))}`;
  if (typeof value !== 'string') throw unusable('It compares a text with true or false.');
  // Text that is no id is the id of nothing.
  if (!UUID.test(value)) return 'false';
  return column.kind === 'member' ? column.exists.replace('$value', `${add(value)}::uuid`) : `${columnName(column)} = ${add(value)}::uuid`;
}

function columnName(column: SearchColumn): string {
  return 'column' in column ? column.column : '';
}

function sameConstant(constant: string | boolean, value: string | boolean): boolean {
  return String(constant).toLowerCase() === String(value).toLowerCase();
}

/** Entra ID writes booleans as text, in capitals. */
function asBoolean(value: string | boolean): boolean {
  const text = String(value).toLowerCase();
  if (text !== 'true' && text !== 'false') throw unusable('It compares true or false with a text.');
  return text === 'true';
}

function unusable(reason: string): ReturnType<typeof scimErrors.invalid_filter> {
  return scimErrors.invalid_filter({ message: `This filter cannot be used. ${reason}` });
}
