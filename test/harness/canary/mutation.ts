// One thing that keeps a promise, switched off on a throw-away installation, and whether the canaries notice.
import { fileURLToPath } from 'node:url';
import type { CanaryInstance } from '../../../src/cli/canary/instance/canary-instance.ts';
import type { CanaryReport } from '../../../src/cli/canary/report.ts';
import type { CanaryBook } from '../../../src/cli/canary/scan/canary-book.ts';
import type { Log } from '../../../src/platform/telemetry/logger.ts';
import { leak } from './leaks.ts';

/** Part of the name of a place, and of a store: something must have survived there, or be missing. */
type Sign = { readonly survivor: string; readonly store: string } | { readonly missing: string };

/** What is switched off, and how it must show. */
export interface Mutation {
  readonly name: string;
  /** The brief profile unless told. */
  readonly profile?: string;
  /** The days on which to look, the first that show it among them. */
  readonly days: readonly number[];
  readonly sabotage: (instance: CanaryInstance) => Promise<void> | void;
  readonly sign: Sign;
}

/** Windows of which the longest is a week: `chatty` keeps what was said and `terse` does not. */
export const BRIEF_PROFILE = fileURLToPath(new URL('brief.yaml', import.meta.url));

const BUILT = new URL('../../../dist/', import.meta.url);

/** A provider of the built program, by the file and the name of its class. */
export async function provider<T extends object>(instance: CanaryInstance, path: string, name: string): Promise<T> {
  const loaded = (await import(new URL(path, BUILT).href)) as Record<string, abstract new (...dependencies: never[]) => T>;
  const token = loaded[name];
  if (!token) throw new Error(`${path} has no ${name}`);
  return instance.lethe.get(token);
}

/** Puts `by` in the place of a provider's method; it is given the provider's own. */
export async function replace(
  instance: CanaryInstance,
  [path, name, method]: readonly [string, string, string],
  by: (own: (...given: never[]) => unknown) => unknown,
): Promise<void> {
  const target = await provider<Record<string, unknown>>(instance, path, name);
  const own = target[method];
  if (typeof own !== 'function') throw new Error(`${name} has no ${method}`);
  target[method] = by(own.bind(target) as (...given: never[]) => unknown);
}

/** Changes the text of a function of the database. */
export async function rewriteFunction(instance: CanaryInstance, signature: string, from: string, to: string): Promise<void> {
  const [row] = await instance.rows<{ text: string }>('SELECT pg_get_functiondef($1::regprocedure) AS text', [signature]);
  const text = row?.text ?? '';
  if (!text.includes(from)) throw new Error(`${signature} does not say ${from}`);
  await instance.rows(text.replaceAll(from, to));
}

/** Whether the canaries noticed. */
export function noticed({ sign }: Mutation, { survivors, missing }: CanaryReport): boolean {
  if ('missing' in sign) return missing.some(({ place }) => place.includes(sign.missing));
  return survivors.some(({ place, store }) => place.includes(sign.survivor) && store.includes(sign.store));
}

/** Runs the canaries of the built program on an installation with one thing switched off. */
export async function runMutated({ profile = BRIEF_PROFILE, days, sabotage }: Mutation): Promise<CanaryReport> {
  return (await canary()).runCanary({ profile, redis: false, days, sabotage });
}

/** Runs them with nothing switched off, on the days of a mutation: what shows then as well was not noticed for what was switched off. */
export async function runSound({ profile = BRIEF_PROFILE, days }: Mutation): Promise<CanaryReport> {
  return (await canary()).runCanary({ profile, redis: false, days });
}

/** Runs them on an installation into whose every store a word was put past Lethe. */
export async function runLeaking(redis: boolean): Promise<CanaryReport> {
  const sabotage = async (instance: CanaryInstance, book: CanaryBook): Promise<void> =>
    leak(instance, book, await provider<Log>(instance, 'platform/telemetry/logger.js', 'Log'));
  return (await canary()).runCanary({ profile: BRIEF_PROFILE, redis, days: [0], sabotage });
}

function canary(): Promise<typeof import('../../../src/cli/canary/run-canary.ts')> {
  return import(new URL('cli/canary/run-canary.js', BUILT).href) as Promise<typeof import('../../../src/cli/canary/run-canary.ts')>;
}
