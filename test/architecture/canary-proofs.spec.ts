import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declaredTables } from '../../src/contracts/data-inventory.js';
import { declaredStores } from '../../src/contracts/store-inventory.js';
import { MUTATIONS } from '../harness/canary/mutations.js';
import {
  type Proof,
  PROOFS_OF_GUARDS,
  PROOFS_OF_JOBS,
  PROOFS_OF_KEYS,
  PROOFS_OF_PLACES,
  PROOFS_OF_TRIGGERS,
} from '../harness/canary/proofs.js';
import { everyDeclaration } from './every-declaration.js';

await everyDeclaration();

/** Path → text of what runs. */
const SOURCES = new Map(
  globSync('src/**/*.ts')
    .filter((path) => !path.includes('.spec.'))
    .map((path) => [path, readFileSync(path, 'utf8')]),
);
const MIGRATIONS = globSync('migrations/*.up.sql').map((path) => readFileSync(path, 'utf8'));

const matches = (texts: Iterable<string>, pattern: RegExp): string[] => [
  ...new Set([...texts].flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))),
];
const jobs = (texts: Iterable<string>): string[] => matches(texts, /class (\w+) extends (?:RecurringJob|SweptTables|SweptStore)\b/g);
const guards = (sources: ReadonlyMap<string, string>): string[] =>
  [...sources]
    .filter(([, text]) => /holds\.(?:assertFree|covering)\(/.test(text) && !text.includes('extends LegalHolds'))
    .map(([path]) => path);
const triggers = (texts: Iterable<string>): string[] => matches(texts, /CREATE TRIGGER (\w*_held) /g);
const without = (names: readonly string[], proofs: object): string[] => names.filter((name) => !(name in proofs));

/** Why a proof is none; null: it is one. */
function fault(proof: Proof): string | null {
  if ('mutation' in proof) return MUTATIONS.some(({ name }) => name === proof.mutation) ? null : `there is no mutation “${proof.mutation}”`;
  if ('lets' in proof) return proof.lets === '' ? 'no reason' : null;
  const isThere = existsSync(proof.spec) && readFileSync(proof.spec, 'utf8').includes(proof.test);
  return isThere ? null : `${proof.spec} has no test “${proof.test}”`;
}

describe('whatever lets go, guards or seals can be switched off and seen to be off', () => {
  it('D2: every job and every sweep', () => {
    expect(jobs(SOURCES.values()).length).toBeGreaterThan(25);
    expect(without(jobs(SOURCES.values()), PROOFS_OF_JOBS)).toEqual([]);
    expect(without(jobs(['export class ForgetDiary extends SweptTables {']), PROOFS_OF_JOBS)).toEqual(['ForgetDiary']);
  });

  it('D5: every guard of legal holds, in the program and in the database', () => {
    expect(guards(SOURCES).length).toBeGreaterThan(1);
    expect(without(guards(SOURCES), PROOFS_OF_GUARDS)).toEqual([]);
    expect(triggers(MIGRATIONS).sort()).toEqual(Object.keys(PROOFS_OF_TRIGGERS).sort());
  });

  it('C4, D3: every key whose destruction erases', () => {
    const keys = [...declaredTables(), ...declaredStores()].flatMap(({ erasure }) =>
      typeof erasure === 'object' && 'shredKeyIn' in erasure ? [erasure.shredKeyIn] : [],
    );
    expect(keys.length).toBeGreaterThan(1);
    expect(without(keys, PROOFS_OF_KEYS)).toEqual([]);
  });

  it('D1: every kind of place that a store can be in', () => {
    const places = SOURCES.get('src/contracts/store-inventory.ts') ?? '';
    const kinds = matches([places.slice(0, places.indexOf('type StoreRetention'))], /readonly kind: '(\w+)'/g);
    expect(kinds.sort()).toEqual(Object.keys(PROOFS_OF_PLACES).sort());
  });

  it('and what is said to show it is there', () => {
    const inUse = [
      ...jobs(SOURCES.values()).map((name) => PROOFS_OF_JOBS[name]),
      ...guards(SOURCES).map((path) => PROOFS_OF_GUARDS[path]),
      ...[PROOFS_OF_TRIGGERS, PROOFS_OF_PLACES].flatMap((each) => Object.values(each)),
    ];
    const proofs = inUse.filter((proof) => proof !== undefined);
    const faults = [...proofs, ...Object.values(PROOFS_OF_KEYS).flat()].map(fault).filter((each) => each !== null);
    expect(faults).toEqual([]);
    expect(fault({ mutation: 'the moon is switched off' })).not.toBeNull();
    expect(fault({ spec: 'test/architecture/canary-proofs.spec.ts', test: ['no', 'such', 'test'].join('-') })).not.toBeNull();
  });
});
