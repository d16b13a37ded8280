import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { dataInventoryJson } from '../../src/cli/documents/data-inventory-json.js';
import { DATA_INVENTORY_SCHEMA } from '../../src/cli/documents/data-inventory-schema.js';
import {
  type ColumnKind,
  declaredTables,
  exportedColumns,
  networkTrace,
  processingOf,
  type TableDeclaration,
} from '../../src/contracts/data-inventory.js';
import { declaredStores, type StoreDeclaration } from '../../src/contracts/store-inventory.js';
import { declareBlobPrefix, declaredBlobPrefixes, requireBlobKey } from '../../src/platform/blob/blob-prefixes.js';
import { declareRedisPrefix, declaredRedisPrefixes, requireRedisPrefix } from '../../src/platform/redis/redis-prefixes.js';
import { declaredSettings } from '../../src/platform/config/setting.js';
import '../../src/platform/config/settings.js';
import { LOG_FIELD_KINDS } from '../../src/platform/telemetry/log-fields.js';
import { everyDeclaration } from './every-declaration.js';
import { storeFaults, tableFaults } from './inventory-rules.js';

await everyDeclaration();

const table: TableDeclaration = {
  table: 'guest',
  description: 'Guests, and what they drink.',
  dataClass: 'account_profile',
  subject: 'account_holder',
  located: { column: 'account_id' },
  retention: { kind: 'transient', from: 'arrived_at', within: 'PT12H' },
  export: { section: 'visits' },
  erasure: 'delete',
  tenantPolicy: { kind: 'system_only' },
  columns: { account_id: 'personal', drink: 'personal', key_hash: 'secret', arrived_at: 'technical' },
};
const nobody: Partial<TableDeclaration> = {
  subject: 'none',
  export: 'not_personal',
  erasure: 'not_personal',
  columns: { key_hash: 'secret', arrived_at: 'technical' },
};

/** A declaration without `located`, and otherwise as given. */
function unlocated(change: Partial<TableDeclaration>): TableDeclaration {
  const { located: _, ...rest } = table;
  return { ...rest, ...change };
}

/** The whole of it, so that what others have to say about it shows too. */
const faultsOf = (change: Partial<TableDeclaration>, ...others: TableDeclaration[]): string[] =>
  tableFaults([{ ...table, ...change }, ...others]);

describe('the data inventory', () => {
  it('D1: has no fault, neither of tables nor of stores', () => {
    expect(tableFaults([table])).toEqual([]);
    expect(tableFaults([unlocated(nobody)])).toEqual([]);
    expect(tableFaults(declaredTables())).toEqual([]);
    expect(storeFaults(declaredStores(), declaredTables())).toEqual([]);
  });

  it.each<[string, Partial<TableDeclaration>, string]>([
    [
      'a way by a column that is not there',
      { located: [{ column: 'account_id' }, { column: 'person_id' }] },
      'there is no column person_id',
    ],
    [
      'a condition on a column that is not there',
      { located: { column: 'account_id', where: { column: 'is', is: 'x' } } },
      'there is no column is',
    ],
    ['a way through a table nobody declared', { located: { column: 'account_id', via: 'ghost' } }, 'ghost leads to nobody'],
    [
      'a way to somebody whom the table on it does not lead to',
      { located: [{ column: 'account_id' }, { subject: 'end_user', column: 'account_id', via: 'guest' }] },
      'guest leads to nobody',
    ],
    [
      'a row that is left to a window it does not have',
      {
        located: { column: 'account_id', erasure: 'expires' },
        retention: { kind: 'with_owner', owner: 'guest', column: 'account_id', goes: 'cascade' },
      },
      'it is said to expire, and never does',
    ],
    ['a way in a ring', { located: { column: 'account_id', via: 'guest' } }, 'guest leads to nobody'],
    [
      'somebody named by a column that is no way to them',
      { columns: { ...table.columns, invited_by: 'personal' } },
      'invited_by names somebody, and is no way to them',
    ],
    [
      'rows nobody can find that stay',
      { located: { nowhere: 'lost' }, retention: { kind: 'with_owner', owner: 'guest', column: 'account_id', goes: 'cascade' } },
      'what nobody can find has to leave by itself',
    ],
  ])('D1: refuses %s', (_, change, fault) => {
    expect(faultsOf(change)).toEqual([`guest: ${fault}`]);
  });

  it('D1: refuses personal data about nobody, and a subject nobody can find', () => {
    expect(tableFaults([unlocated({ subject: 'none' })])).toEqual(['guest: it is personal, and about nobody']);
    expect(tableFaults([unlocated({})])).toEqual(['guest: nobody can find whose it is']);
    expect(faultsOf({ ...nobody, located: { column: 'key_hash' } })).toEqual(['guest: it is about nobody, and says how they are found']);
  });

  it.each<[string, Partial<TableDeclaration>, string]>([
    ['a moment that is not there', { retention: { kind: 'transient', from: 'left_at', within: 'PT12H' } }, 'there is no column left_at'],
    ['a duration without a unit', { retention: { kind: 'transient', from: 'arrived_at', within: '12' } }, '12 is no duration'],
    ['a duration in words', { retention: { kind: 'transient', from: 'arrived_at', within: '12 hours' } }, '12 hours is no duration'],
    [
      'a partition column that is not there',
      { retention: { kind: 'partition_by_expiry', column: 'expires_on' } },
      'there is no column expires_on',
    ],
    [
      'a class without a window that expires by partition',
      { dataClass: 'operational', retention: { kind: 'partition_by_expiry', column: 'arrived_at' } },
      'operational has no window',
    ],
    [
      'a class without a window that is swept by it',
      { dataClass: 'configuration', retention: { kind: 'window', from: 'arrived_at' } },
      'configuration has no window',
    ],
    [
      'an owner nobody declared',
      { retention: { kind: 'with_owner', owner: 'host', column: 'account_id', goes: 'cascade' } },
      'there is no table host',
    ],
    ['personal data without an end', { retention: { kind: 'installation', reason: 'we like it' } }, 'what is personal has an end'],
    ['personal data in a table never used', { retention: { kind: 'unused' } }, 'what is never used holds nothing personal'],
    [
      'a column of a class without a window',
      { columns: { ...table.columns, drink: { holds: 'personal', dataClass: 'operational', since: 'arrived_at' } } },
      'drink: operational has no window',
    ],
    [
      'a column counted from one that is not there',
      { columns: { ...table.columns, from: networkTrace('left_at') } },
      'there is no column left_at',
    ],
  ])('D2: refuses %s', (_, change, fault) => {
    expect(faultsOf(change)).toEqual([`guest: ${fault}`]);
  });

  it('D2: refuses what stays with the installation for no reason', () => {
    expect(tableFaults([unlocated({ ...nobody, retention: { kind: 'installation', reason: '' } })])).toEqual([
      'guest: no reason to keep it',
    ]);
  });

  it.each<[string, Partial<TableDeclaration>, string]>([
    [
      'a public name for a secret',
      { export: { section: 'visits', names: { key_hash: 'key' } } },
      'key_hash is a secret, and has a public name',
    ],
    ['a public name for a column that is not there', { export: { section: 'visits', names: { food: 'food' } } }, 'there is no column food'],
    [
      'one public name for two columns',
      { export: { section: 'visits', names: { drink: 'accountId' } } },
      'two columns have one public name',
    ],
    ['a column left out for no reason', { export: { section: 'visits', without: { drink: '' } } }, 'no reason to leave drink out'],
    ['personal data said not to be personal', { export: 'not_personal' }, 'what is personal is given out, or says why not'],
    ['data withheld for no reason', { export: { withheld: '' } }, 'no reason to withhold it'],
    [
      'a secret that is none',
      { export: 'secret_never_exported', columns: { account_id: 'personal', arrived_at: 'technical' } },
      'it holds no secret',
    ],
  ])('G3: refuses %s', (_, change, fault) => {
    expect(faultsOf(change)).toEqual([`guest: ${fault}`]);
  });

  it('G3: refuses a section that two tables give out; gives out every column but secrets, under its public name', () => {
    expect(faultsOf({}, { ...table, table: 'party' })).toEqual(["party: the section visits is another table's"]);
    const given = { ...table, export: { section: 'visits', names: { drink: 'beverage' } } };
    expect([...exportedColumns(given)]).toEqual([
      ['account_id', 'accountId'],
      ['drink', 'beverage'],
      ['arrived_at', 'arrivedAt'],
    ]);
  });

  it.each<[string, Partial<TableDeclaration>, string]>([
    ['personal data that is never erased', { erasure: 'not_personal' }, 'what is personal can be erased'],
    [
      'rows said to expire that stay',
      { erasure: 'expires', retention: { kind: 'with_owner', owner: 'guest', column: 'account_id', goes: 'cascade' } },
      'it is said to expire, and never does',
    ],
    ['a person said to be set-up of an organisation', { erasure: 'with_organisation' }, 'it is no set-up of an organisation'],
    ['data kept for no reason', { erasure: { keep: 'legal_claims', reason: '' } }, 'no reason to keep it'],
    ['a key in a table nobody declared', { erasure: { shredKeyIn: 'ring' } }, 'there is no table ring'],
    [
      'an anonymous row that still names somebody',
      { erasure: { anonymise: { account_id: 'pseudonym' } } },
      'drink is personal, and stays when the row is made anonymous',
    ],
    [
      'a column made anonymous that is not there',
      { erasure: { anonymise: { account_id: 'null', drink: 'null', food: 'null' } } },
      'there is no column food',
    ],
  ])('D3: refuses %s', (_, change, fault) => {
    expect(faultsOf(change)).toEqual([`guest: ${fault}`]);
  });

  it('D1: the document for programs is what its schema says', () => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(DATA_INVENTORY_SCHEMA);
    validate(JSON.parse(dataInventoryJson(declaredTables(), declaredStores())));
    expect(validate.errors).toBeNull();
  });

  it('O5: purpose and legal basis are those of the class unless the table says otherwise', () => {
    expect(processingOf(table)).toEqual({ purpose: 'account', legalBasis: 'contract' });
    expect(processingOf({ ...table, purpose: 'marketing', legalBasis: 'consent' })).toEqual({
      purpose: 'marketing',
      legalBasis: 'consent',
    });
  });
});

describe('stores that are no tables', () => {
  const store: StoreDeclaration = {
    store: 'redis.guests',
    description: 'Who is here.',
    place: { kind: 'redis', prefix: 'lethe:guests:' },
    dataClasses: ['operational'],
    subject: 'organisation',
    located: 'by its id in the name',
    retention: { kind: 'transient', within: 'PT2M' },
    export: 'not_personal',
    erasure: 'expires',
    holds: { name: 'identifier', count: 'technical' },
  };
  const personal: Record<string, ColumnKind> = { name: 'personal' };
  const files = { kind: 'files', path: 'guests' } as const;

  it.each<[string, Partial<StoreDeclaration>, string]>([
    ['personal data in Redis', { holds: personal, export: 'elsewhere' }, 'Redis is given ids and counts only'],
    ['a duration without a unit', { retention: { kind: 'transient', within: '120' } }, 'its time is no duration'],
    ['a window its classes do not have', { retention: { kind: 'window' } }, 'operational have no window'],
    ['personal data said not to be', { place: files, holds: personal }, 'what is personal is given out, or says why not'],
    ['a way that is not said', { located: '' }, 'nobody can find whose it is'],
    ['a reason that is missing', { retention: { kind: 'operator', advice: '' } }, 'a reason is missing'],
    ['what never expires', { retention: { kind: 'follows', what: 'rows' } }, 'it is said to expire, and never does'],
    ['keys in no table', { erasure: { shredKeyIn: 'ring' } }, 'there is no such table of keys'],
    ['what holds nothing', { holds: {} }, 'it holds nothing'],
    [
      'a person in what a process tells of itself',
      { place: { kind: 'telemetry', to: 'a file' }, holds: personal, export: 'elsewhere' },
      'what the process tells of itself is about its users',
    ],
    [
      'a secret in what a process tells of itself',
      { place: { kind: 'telemetry', to: 'a file' }, holds: { key: 'secret' } },
      'a secret leaves with what the process tells of itself',
    ],
  ])('D1: refuse %s', (_, change, fault) => {
    expect(storeFaults([{ ...store, ...change }], [])).toEqual([`redis.guests: ${fault}`]);
  });

  it('D1: a prefix that writers may use is a store with all its facts, and nothing less', () => {
    const prefixes = (kind: string) =>
      declaredStores()
        .flatMap(({ place }) => ('prefix' in place && place.kind === kind ? [place.prefix] : []))
        .sort();
    expect(declaredRedisPrefixes()).toEqual(prefixes('redis'));
    expect(declaredBlobPrefixes().map(({ prefix }) => prefix)).toEqual(prefixes('blob'));
  });

  it('D1: refuse a key of Redis or of the blob store under a prefix nobody declared', () => {
    expect(() => requireRedisPrefix('lethe:guests:')).toThrow(/no part of Redis is declared as "lethe:guests:"/);
    expect(() => requireBlobKey('guests/1')).toThrow(/no part of the blob store is declared as "guests"/);
    expect(requireRedisPrefix('lethe:rate:')).toBe('lethe:rate:');
    declareBlobPrefix({ prefix: 'planted', description: 'An object of this test.' });
    expect(requireBlobKey('planted/1')).toBe('planted/1');
  });

  it('D1: refuse a part of Redis in which keys of another would be', () => {
    expect(() => declareRedisPrefix('lethe:')).toThrow(/is no prefix/);
    expect(() => declareRedisPrefix('lethe:rate:minute:')).toThrow(/overlap/);
  });

  it('C1: a log line has the fields of the closed list, and no field for what a client sent', () => {
    const { holds } = declaredStores().find((each) => each.store === 'log') as StoreDeclaration;
    expect(Object.keys(holds).sort()).toEqual([...LOG_FIELD_KINDS.keys(), 'level', 'time', 'msg'].sort());
    expect(Object.entries(holds).filter(([, kind]) => kind === 'personal' || kind === 'secret')).toEqual([['operatorId', 'personal']]);
  });

  it('D1: every setting that names a place names one that is declared, and every store that of a setting there is', () => {
    const settings = declaredSettings().map(({ env }) => env);
    const named = declaredStores().flatMap((each) => each.settings ?? []);
    const places = settings.filter((env) => /_(URL|ENDPOINT|BUCKET|DIR|FILE|WEBHOOK|ADDR|SERVERS|LIBRARY)$/.test(env));
    // Where people reach Lethe itself.
    expect(places.filter((env) => !named.includes(env))).toEqual(['LETHE_PUBLIC_URL']);
    expect(named.filter((env) => !settings.includes(env))).toEqual([]);
  });

  it('D1: every kind of store there is has been declared', () => {
    const kinds = new Set(declaredStores().map(({ place }) => place.kind));
    expect([...kinds].sort()).toEqual(['blob', 'files', 'outside', 'redis', 'server', 'telemetry']);
  });
});
