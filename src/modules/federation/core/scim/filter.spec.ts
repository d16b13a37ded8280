import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../kernel/errors.js';
import { type Filter, parseFilter } from './filter.js';
import { filterSql, type SearchColumns } from './filter-sql.js';

const COLUMNS: SearchColumns = {
  id: { kind: 'id', column: 'id' },
  username: { kind: 'text', column: 'user_name', caseExact: false },
  externalid: { kind: 'text', column: 'external_id', caseExact: true },
  active: { kind: 'boolean', column: 'active' },
  'emails.value': { kind: 'text', column: 'email', caseExact: false },
  'emails.type': { kind: 'constant', value: 'work' },
  'members.value': { kind: 'member', exists: 'EXISTS (SELECT FROM m WHERE u = $value)' },
};

/** The filter with all brackets written, to see what binds to what. */
function shape(filter: Filter): string {
  if (filter.kind !== 'comparison') return `(${shape(filter.left)} ${filter.kind} ${shape(filter.right)})`;
  return `${filter.attribute} ${filter.operator} ${JSON.stringify(filter.value)}`;
}

describe('a filter', () => {
  it.each([
    ['userName eq "ada"', 'username eq "ada"'],
    ['USERNAME Eq "ada"', 'username eq "ada"'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a"', 'username sw "a"'],
    ['active eq true', 'active eq true'],
    ['active eq False', 'active eq false'],
    ['name.familyName co "o\\"x"', 'name.familyname co "o\\"x"'],
    ['a eq "1" or b eq "2" and c eq "3"', '(a eq "1" or (b eq "2" and c eq "3"))'],
    ['(a eq "1" or b eq "2") and c eq "3"', '((a eq "1" or b eq "2") and c eq "3")'],
    ['emails[type eq "work" and value co "@"]', '(emails.type eq "work" and emails.value co "@")'],
    ['  userName   eq   "Łódź 🙂"  ', 'username eq "Łódź 🙂"'],
  ])('%s', (text, expected) => expect(shape(parseFilter(text))).toBe(expected));

  it.each([
    '',
    'userName',
    'userName eq',
    'userName eq ada',
    'userName eq "ada',
    'userName eq "ada" and',
    'and userName eq "ada"',
    'userName gt "a"',
    'userName pr',
    'not (userName eq "a")',
    '(userName eq "a"',
    'userName eq "a")',
    'emails[type eq "work"',
    'userName eq "a" "b"',
    'userName eq "\\u0000"',
    'userName eq "\\ud800"',
    'userName eq "\\x"',
    "userName eq 'a'",
    'userName eq "a"; DROP TABLE scim_user',
    'userName eq 1',
    `${'('.repeat(9)}a eq "1"${')'.repeat(9)}`,
    `${'('.repeat(500)}`,
    Array.from({ length: 21 }, () => 'a eq "1"').join(' or '),
    `userName eq "${'x'.repeat(2_000)}"`,
  ])('is refused: %s', (text) => expect(() => parseFilter(text)).toThrow('scim/invalid_filter'));

  it('either reads or is refused, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ' ', '"', '(', ')', '[', ']', '\\', 'eq ', 'and ', 'or ', '🙂'), maxLength: 60 }),
        (text) => {
          try {
            parseFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a filter as SQL', () => {
  const sql = (text: string): unknown => filterSql(parseFilter(text), COLUMNS, 3);

  it.each([
    ['userName eq "Ada"', 'lower(user_name) IS NOT DISTINCT FROM lower($3::text)', ['Ada']],
    ['externalId eq "Ada"', 'external_id IS NOT DISTINCT FROM $3', ['Ada']],
    ['userName sw "a%" and active eq "True"', '(starts_with(lower(user_name), lower($3::text)) AND active = $4)', ['a%', true]],
    ['emails[type eq "Work" and value co "_"]', '(true AND position(lower($3::text) IN lower(email)) > 0)', ['_']],
    ['emails.type eq "home"', 'false', []],
    ['id eq "rubbish"', 'false', []],
    [
      'members.value eq "01890a5d-ac96-774b-bcce-b302099a8057"',
      'EXISTS (SELECT FROM m WHERE u = $3::uuid)',
      ['01890a5d-ac96-774b-bcce-b302099a8057'],
    ],
  ])('%s', (text, expected, parameters) => expect(sql(text)).toEqual({ sql: expected, parameters }));

  it.each([
    'password eq "a"',
    'constructor eq "a"',
    '__proto__ eq "a"',
    'active co "t"',
    'active eq "maybe"',
    'userName eq true',
    'id eq true',
  ])('is refused: %s', (text) => expect(() => sql(text)).toThrow('scim/invalid_filter'));
});
