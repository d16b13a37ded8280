import { type FindOperator, LessThan, MoreThan } from 'typeorm';

/** What `find` takes for a page of rows in the order of their ids, which is the order they were made in (UUIDv7). */
export interface PageById<Where, Id extends string, Order extends 'ASC' | 'DESC'> {
  readonly where: Where & { readonly id?: FindOperator<Id> };
  readonly order: { readonly id: Order };
  readonly take?: number;
}

/** The rows behind the one with the id `after`, or from the first on, at most `limit` of them where there is a limit. */
export function oldestFirst<Where extends object, Id extends string>(
  where: Where,
  after: Id | undefined,
  limit?: number,
): PageById<Where, Id, 'ASC'> {
  const take = limit === undefined ? {} : { take: limit };
  return { where: after === undefined ? where : { ...where, id: MoreThan(after) }, order: { id: 'ASC' }, ...take };
}

/** The rows before the one with the id `before`, or from the last on, at most `limit` of them. */
export function newestFirst<Where extends object, Id extends string>(
  where: Where,
  before: Id | undefined,
  limit: number,
): PageById<Where, Id, 'DESC'> {
  return { where: before === undefined ? where : { ...where, id: LessThan(before) }, order: { id: 'DESC' }, take: limit };
}
