import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { invalidRequest } from '../../kernel/errors.js';
import { isId } from '../../kernel/ids.js';
import { IsCleanText, IsWholeNumber } from './field-rules.js';
import { AsNumber } from './query-values.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_CURSOR_LENGTH = 512;

/** The query of a list: how many, and from where. */
export class PageQuery {
  /** Items on a page. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @AsNumber()
  @IsWholeNumber({ min: 1, max: MAX_LIMIT })
  limit: number = DEFAULT_LIMIT;

  /** `nextCursor` of the page before. */
  @ApiPropertyOptional({ type: 'string', maxLength: MAX_CURSOR_LENGTH })
  @IsOptional()
  @IsCleanText({ min: 1, max: MAX_CURSOR_LENGTH }, { message: 'must be the nextCursor of an earlier page' })
  cursor?: string;
}

/** One page of a list. `nextCursor` is null on the last. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** What each part of a position must be. */
type PositionShape = Readonly<Record<string, 'id' | 'text' | 'number'>>;
type PartOf = { id: string; text: string; number: number };
/** The place after the last row of a page: the values it is sorted by. */
export type Position<S extends PositionShape> = { readonly [Part in keyof S]: PartOf[S[Part]] };

/** An opaque cursor for a position. It is no secret: what it names must be authorised again when it comes back. */
function encodeCursor(position: Readonly<Record<string, string | number>>): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

/** The position in `cursor`, or undefined when there is none. Anything but an intact cursor of this list is a 400. */
export function decodeCursor<const S extends PositionShape>(cursor: string | undefined, shape: S): Position<S> | undefined {
  if (cursor === undefined) return undefined;
  const position = parse(cursor);
  const parts = Object.entries(shape);
  const intact =
    position !== undefined && Object.keys(position).length === parts.length && parts.every(([name, kind]) => isPart(position[name], kind));
  if (!intact) throw invalidRequest([{ field: 'cursor', message: 'must be the nextCursor of an earlier page of this list' }]);
  return position as Position<S>;
}

/**
 * A page made of `rows`, of which the caller read one more than `limit` to learn whether there are more. `positionOf`
 * gives a row's place in the order of the list.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => Readonly<Record<string, string | number>>,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null;
  return { data: shown.map(toItem), nextCursor };
}

/** Documents a 200 with a page of `item`. */
export function ApiPage(item: abstract new (...parameters: never[]) => object): MethodDecorator {
  const properties = {
    data: { type: 'array', items: { $ref: getSchemaPath(item) } },
    nextCursor: { type: 'string', nullable: true, description: 'Send it as `cursor` for the next page; null on the last.' },
  };
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({ schema: { type: 'object', required: ['data', 'nextCursor'], properties } }),
  ) as MethodDecorator;
}

function parse(cursor: string): Record<string, unknown> | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return typeof position === 'object' && position !== null && !Array.isArray(position)
      ? (position as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown, kind: 'id' | 'text' | 'number'): boolean {
  if (kind === 'id') return isId(value);
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000');
}
