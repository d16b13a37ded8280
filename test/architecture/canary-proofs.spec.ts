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
  PROOFS_OF_ROUND,
  PROOFS_OF_TRIGGERS,
  PROOFS_OF_WINDOWS,
} from '../harness/canary/proofs.js';
import { everyDeclaration } from './every-declaration.js';

await everyDeclaration();

/** Path → text of what runs. */
const SOURCES = new Map(
  globSync('src/**/*.ts')
    .filter((path) => !path.includes('.spec.'))
    .map((path) => [path, readFileSync(path, 'utf8')]),
);
/** In the order in which they are run. */
const MIGRATIONS = globSync('migrations/*.up.sql')
  .sort()
  .map((path) => readFileSync(path, 'utf8'));

const matches = (texts: Iterable<string>, pattern: RegExp): string[] => [
  ...new Set([...texts].flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))),
];
const filesThat = (say: RegExp): string[] => [...SOURCES].filter(([, text]) => say.test(text)).map(([path]) => path);
const jobs = (texts: Iterable<string>): string[] => matches(texts, /class (\w+) extends (?:RecurringJob|SweptTables|SweptStore)\b/g);

/** One kind of what lets go, guards or seals: what there is, by name, and what is said to notice each. */
interface Kind {
  readonly title: string;
  readonly proofs: Readonly<Record<string, Proof | readonly Proof[]>>;
  /** As the sources have them. */
  readonly there: readonly string[];
  /** Fewer than these mean that this spec does not see them. */
  readonly fewest: number;
}

const KINDS: readonly Kind[] = [
  { title: 'D2: every job and every sweep', proofs: PROOFS_OF_JOBS, there: jobs(SOURCES.values()), fewest: 25 },
  { title: 'D2: every step of a round of retention', proofs: PROOFS_OF_ROUND, there: stepsOfRound(), fewest: 5 },
  {
    title: 'D2: whoever changes windows of what is stored',
    proofs: PROOFS_OF_WINDOWS,
    there: filesThat(/\bpolicies\.put\(/).filter((path) => SOURCES.get(path)?.includes('OrganisationPoliciesRepository')),
    fewest: 1,
  },
  {
    title: 'D5: every guard of legal holds in the program',
    proofs: PROOFS_OF_GUARDS,
    there: filesThat(/holds\.(?:assertFree|covering)\(/).filter((path) => !SOURCES.get(path)?.includes('extends LegalHolds')),
    fewest: 2,
  },
  {
    title: 'D5: every guard of legal holds in the database',
    proofs: PROOFS_OF_TRIGGERS,
    there: triggersLeft(),
    fewest: 2,
  },
  { title: 'C4, D3: every key whose destruction erases', proofs: PROOFS_OF_KEYS, there: erasingKeys(), fewest: 2 },
  { title: 'D1: every kind of place that a store can be in', proofs: PROOFS_OF_PLACES, there: kindsOfPlaces(), fewest: 5 },
];

function stepsOfRound(): string[] {
  return matches([SOURCES.get('src/modules/retention/core/run-retention.ts') ?? ''], /private readonly \w+: (\w+)/g);
}

/** Those that keep what is held, after all migrations. */
function triggersLeft(): string[] {
  const left = new Map<string, string>();
  const steps = MIGRATIONS.flatMap((text) => [...text.matchAll(/(CREATE|DROP) TRIGGER (?:IF EXISTS )?(\w*_held) [^;]*?\bON (\w+)/g)]);
  for (const [, step, name = '', table] of steps) {
    if (step === 'CREATE') left.set(`${name} ${table}`, name);
    else left.delete(`${name} ${table}`);
  }
  return [...new Set(left.values())];
}

function erasingKeys(): string[] {
  return [...declaredTables(), ...declaredStores()].flatMap(({ erasure }) =>
    typeof erasure === 'object' && 'shredKeyIn' in erasure ? [erasure.shredKeyIn] : [],
  );
}

function kindsOfPlaces(): string[] {
  const text = SOURCES.get('src/contracts/store-inventory.ts') ?? '';
  return matches([text.slice(0, text.indexOf('type StoreRetention'))], /readonly kind: '(\w+)'/g);
}

/** Whatever is said of nothing, and whatever nothing is said of. */
function mismatches({ proofs, there }: Pick<Kind, 'proofs' | 'there'>): string[] {
  return [
    ...there
      .filter((name) => !(name in proofs))
      .map((name) => `nothing is said to notice when ${name} is switched off: proofs.ts lacks it`),
    ...Object.keys(proofs)
      .filter((name) => !there.includes(name))
      .map((name) => `proofs.ts names ${name}, which there is no more: take it out`),
  ];
}

/** Why a proof is none; null: it is one. */
function fault(proof: Proof): string | null {
  if ('mutation' in proof) return MUTATIONS.some(({ name }) => name === proof.mutation) ? null : `there is no mutation “${proof.mutation}”`;
  if ('lets' in proof) return proof.lets === '' ? 'no reason' : null;
  if (!existsSync(proof.spec)) return `there is no file ${proof.spec}`;
  return readFileSync(proof.spec, 'utf8').includes(proof.test) ? null : `${proof.spec} has no test “${proof.test}”`;
}

describe('whatever lets go, guards or seals can be switched off and seen to be off', () => {
  it.each(KINDS.map((kind) => [kind.title, kind] as const))('%s', (_title, kind) => {
    expect(kind.there.length).toBeGreaterThanOrEqual(kind.fewest);
    expect(mismatches(kind)).toEqual([]);
    expect(Object.values(kind.proofs).flat().map(fault)).toEqual(
      Object.values(kind.proofs)
        .flat()
        .map(() => null),
    );
  });

  it('and this spec sees one that is not said to be noticed, one that is no more, and a proof that is none', () => {
    const there = jobs(['export class ForgetDiary extends SweptTables {']);
    expect(mismatches({ there, proofs: { ForgetLetters: { lets: 'writes letters' } } })).toEqual([
      'nothing is said to notice when ForgetDiary is switched off: proofs.ts lacks it',
      'proofs.ts names ForgetLetters, which there is no more: take it out',
    ]);
    expect(fault({ mutation: 'the moon is switched off' })).toBe('there is no mutation “the moon is switched off”');
    expect(fault({ spec: 'test/e2e/no-such.spec.ts', test: 'x' })).toBe('there is no file test/e2e/no-such.spec.ts');
    const test = ['no', 'such', 'test'].join('-');
    expect(fault({ spec: 'test/architecture/canary-proofs.spec.ts', test })).toContain(`has no test “${test}”`);
    expect(fault({ lets: '' })).toBe('no reason');
  });
});
