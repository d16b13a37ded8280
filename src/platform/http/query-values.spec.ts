import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { AsList, AsNumber } from './query-values.js';

class Query {
  @AsNumber()
  limit: unknown;

  @AsList()
  groupBy: unknown;
}

describe('a value of a query', () => {
  it('that is to be a number is one when it is written in digits, and stays text for the rules to refuse when not', () => {
    const read = (limit: unknown) => plainToInstance(Query, { limit }).limit;
    expect(['0', '50', '9007199254740991'].map(read)).toEqual([0, 50, Number.MAX_SAFE_INTEGER]);
    for (const other of ['', '-1', '1.5', '1e3', ' 1', '0x1', '12345678901234567', ['1', '2']]) expect(read(other)).toEqual(other);
  });

  it('that is to be a list is parted at commas, also when it was given more than once', () => {
    const read = (groupBy: unknown) => plainToInstance(Query, { groupBy }).groupBy;
    expect(read('model')).toEqual(['model']);
    expect(read('model,day')).toEqual(['model', 'day']);
    expect(read(['model', 'day'])).toEqual(['model', 'day']);
  });
});
