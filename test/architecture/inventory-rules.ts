import { WINDOWED_CLASSES } from '../../src/contracts/data-classes.js';
import {
  columnKind,
  exportedColumns,
  isPersonal,
  type Locator,
  locatorsOf,
  type RetentionRule,
  type SubjectKind,
  type TableDeclaration,
} from '../../src/contracts/data-inventory.js';
import type { StoreDeclaration } from '../../src/contracts/store-inventory.js';

/** Days, hours and minutes of ISO 8601, at least one of them. */
const DURATION = /^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?)?$/;

/** Rows that leave by themselves. */
const LEAVES = new Set<RetentionRule['kind']>(['partition_by_expiry', 'window', 'transient']);

const isWindowed = (dataClass: string): boolean => (WINDOWED_CLASSES as readonly string[]).includes(dataClass);

/** What is wrong with declarations by themselves, one sentence each, without looking at a database. */
export function tableFaults(tables: readonly TableDeclaration[]): string[] {
  const byName = new Map(tables.map((each) => [each.table, each]));
  const sections = tables.flatMap(({ table, export: rule }) =>
    typeof rule === 'object' && 'section' in rule ? [{ table, section: rule.section }] : [],
  );
  const twice = sections
    .filter(({ section }, index) => sections.findIndex((other) => other.section === section) < index)
    .map(({ table, section }) => `${table}: the section ${section} is another table's`);
  const rules = [subjectFaults, retentionFaults, exportFaults, erasureFaults, columnFaults];
  return [...tables.flatMap((each) => rules.flatMap((rule) => rule(each, byName).map((fault) => `${each.table}: ${fault}`))), ...twice];
}

type Rule = (declaration: TableDeclaration, byName: ReadonlyMap<string, TableDeclaration>) => string[];

/** Sentences of the conditions that hold. */
function when(...faults: readonly (readonly [boolean, string])[]): string[] {
  return faults.flatMap(([holds, fault]) => (holds ? [fault] : []));
}

const unknownColumn = (declaration: TableDeclaration, column: string): string[] =>
  when([columnKind(declaration, column) === undefined, `there is no column ${column}`]);

/** Columns that name somebody by an id, by their names. */
const NAMES_SOMEBODY = /^(account_id|operator_id)$|_by$/;

const subjectFaults: Rule = (declaration, byName) => {
  const { subject, located } = declaration;
  const ways = locatorsOf(declaration);
  const nowhere = located !== undefined && 'nowhere' in located;
  const walk = (way: Locator): string[] => [
    ...[way.column, ...(way.where ? [way.where.column] : [])].flatMap((column) => unknownColumn(declaration, column)),
    ...when(
      [way.via !== undefined && !leads(byName, way.via, way.subject ?? subject), `${way.via} leads to nobody`],
      [way.erasure === 'expires' && !LEAVES.has(declaration.retention.kind), 'it is said to expire, and never does'],
    ),
  ];
  return [
    ...when(
      [subject === 'none' && isPersonal(declaration), 'it is personal, and about nobody'],
      [subject === 'none' && located !== undefined, 'it is about nobody, and says how they are found'],
      [subject !== 'none' && ways.length === 0 && !nowhere, 'nobody can find whose it is'],
      [nowhere && isPersonal(declaration) && !LEAVES.has(declaration.retention.kind), 'what nobody can find has to leave by itself'],
    ),
    ...ways.flatMap(walk),
    ...Object.keys(declaration.columns)
      .filter((column) => NAMES_SOMEBODY.test(column) && columnKind(declaration, column) === 'personal')
      .filter((column) => ways.length > 0 && !ways.some((way) => way.column === column))
      .map((column) => `${column} names somebody, and is no way to them`),
  ];
};

type Tables = ReadonlyMap<string, TableDeclaration>;

/** Whether the way through this table ends at that subject: tables on the way may lead on, but never in a ring. */
function leads(byName: Tables, table: string, to: SubjectKind, passed: readonly string[] = []): boolean {
  const next = byName.get(table);
  if (next === undefined || passed.includes(table)) return false;
  return locatorsOf(next)
    .filter((way) => (way.subject ?? next.subject) === to)
    .some(({ via }) => via === undefined || leads(byName, via, to, [...passed, table]));
}

const retentionFaults: Rule = (declaration, byName) => {
  const { retention: rule, dataClass } = declaration;
  const windowless = `${dataClass} has no window`;
  switch (rule.kind) {
    case 'partition_by_expiry':
      return [
        ...unknownColumn(declaration, rule.column),
        ...when(
          [rule.within === undefined && !isWindowed(dataClass), windowless],
          [rule.within !== undefined && !DURATION.test(rule.within), `${rule.within} is no duration`],
        ),
      ];
    case 'window':
      return [...unknownColumn(declaration, rule.from), ...when([!isWindowed(dataClass), windowless])];
    case 'transient':
      return [...unknownColumn(declaration, rule.from), ...when([!DURATION.test(rule.within), `${rule.within} is no duration`])];
    case 'with_owner':
      return [...unknownColumn(declaration, rule.column), ...when([!byName.has(rule.owner), `there is no table ${rule.owner}`])];
    case 'subject':
      return when([declaration.subject === 'none', 'nobody is its subject']);
    case 'installation':
      return when([rule.reason === '', 'no reason to keep it'], [isPersonal(declaration), 'what is personal has an end']);
    case 'unused':
      return when([isPersonal(declaration), 'what is never used holds nothing personal']);
  }
};

const exportFaults: Rule = (declaration) => {
  const { export: rule, columns } = declaration;
  if (rule === 'not_personal') return when([isPersonal(declaration), 'what is personal is given out, or says why not']);
  if (rule === 'secret_never_exported') {
    return when([!Object.keys(columns).some((column) => columnKind(declaration, column) === 'secret'), 'it holds no secret']);
  }
  if ('withheld' in rule) return when([rule.withheld === '', 'no reason to withhold it']);
  const named = [...Object.keys(rule.names ?? {}), ...Object.keys(rule.without ?? {})];
  const given = [...exportedColumns(declaration).values()];
  return [
    ...named.flatMap((column) => unknownColumn(declaration, column)),
    ...Object.keys(rule.names ?? {}).flatMap((column) =>
      when([columnKind(declaration, column) === 'secret', `${column} is a secret, and has a public name`]),
    ),
    ...when([new Set(given).size < given.length, 'two columns have one public name'], [given.length === 0, 'its section is empty']),
    ...Object.entries(rule.without ?? {}).flatMap(([column, reason]) => when([reason === '', `no reason to leave ${column} out`])),
  ];
};

const erasureFaults: Rule = (declaration, byName) => {
  const { erasure: rule, columns } = declaration;
  if (rule === 'not_personal') return when([isPersonal(declaration), 'what is personal can be erased']);
  if (rule === 'expires') return when([!LEAVES.has(declaration.retention.kind), 'it is said to expire, and never does']);
  if (rule === 'with_organisation') return when([declaration.subject !== 'organisation', 'it is no set-up of an organisation']);
  if (typeof rule === 'string') return [];
  if ('keep' in rule) return when([rule.reason === '', 'no reason to keep it']);
  if ('shredKeyIn' in rule) return when([!byName.has(rule.shredKeyIn), `there is no table ${rule.shredKeyIn}`]);
  const forgotten = Object.keys(columns).filter(
    (column) => columnKind(declaration, column) === 'personal' && rule.anonymise[column] === undefined,
  );
  return [
    ...Object.keys(rule.anonymise).flatMap((column) => unknownColumn(declaration, column)),
    ...forgotten.map((column) => `${column} is personal, and stays when the row is made anonymous`),
  ];
};

const columnFaults: Rule = (declaration) =>
  Object.entries(declaration.columns).flatMap(([column, declared]) =>
    typeof declared === 'string'
      ? []
      : [
          ...unknownColumn(declaration, declared.since),
          ...when([!isWindowed(declared.dataClass), `${column}: ${declared.dataClass} has no window`]),
        ],
  );

/** The same for stores that are no tables. */
export function storeFaults(stores: readonly StoreDeclaration[], tables: readonly TableDeclaration[]): string[] {
  const names = new Set(tables.map(({ table }) => table));
  return stores.flatMap((each) => [...storePlaceFaults(each), ...storeEndFaults(each, names)].map((fault) => `${each.store}: ${fault}`));
}

function storePlaceFaults({ place, subject, located, holds, export: rule }: StoreDeclaration): string[] {
  const kinds = Object.values(holds);
  const personal = kinds.includes('personal');
  return when(
    [kinds.length === 0, 'it holds nothing'],
    [personal && subject === 'none', 'it is personal, and about nobody'],
    [subject !== 'none' && !located, 'nobody can find whose it is'],
    [rule === 'not_personal' && personal, 'what is personal is given out, or says why not'],
    [place.kind === 'telemetry' && kinds.includes('secret'), 'a secret leaves with what the process tells of itself'],
    [place.kind === 'telemetry' && personal && subject !== 'operator_staff', 'what the process tells of itself is about its users'],
    [place.kind === 'redis' && (personal || kinds.includes('secret')), 'Redis is given ids and counts only'],
  );
}

function storeEndFaults({ dataClasses, retention, erasure, holds }: StoreDeclaration, tables: ReadonlySet<string>): string[] {
  const leaves = ['transient', 'window', 'operator'].includes(retention.kind);
  const reasons = [retention, erasure].flatMap((rule) => (typeof rule === 'string' ? [] : Object.values(rule)));
  return when(
    [reasons.includes(''), 'a reason is missing'],
    [retention.kind === 'transient' && !DURATION.test(retention.within), 'its time is no duration'],
    [retention.kind === 'window' && !dataClasses.some(isWindowed), `${dataClasses.join(', ')} have no window`],
    [erasure === 'not_personal' && Object.values(holds).includes('personal'), 'what is personal can be erased'],
    [erasure === 'expires' && !leaves, 'it is said to expire, and never does'],
    [typeof erasure === 'object' && 'shredKeyIn' in erasure && !tables.has(erasure.shredKeyIn), 'there is no such table of keys'],
  );
}
