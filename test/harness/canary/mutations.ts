// What keeps a promise, switched off in one place at a time: the canaries must notice each (C1, C2, C4, C6, D2, D3, D4).
import type { CanaryInstance } from '../../../src/cli/canary/instance/canary-instance.ts';
import type { CanaryReport } from '../../../src/cli/canary/report.ts';
import type { CanaryBook } from '../../../src/cli/canary/scan/canary-book.ts';
import type { Log } from '../../../src/platform/telemetry/logger.ts';
import { leak } from './leaks.ts';

/** What is switched off, and where it must show. */
export interface Mutation {
  readonly name: string;
  readonly profile: string;
  /** The days on which to look, the first that show it among them. */
  readonly days: readonly number[];
  readonly sabotage: (instance: CanaryInstance) => Promise<void> | void;
  /** Part of the name of a place, and of a store, in which something must have survived. */
  readonly survivor: { readonly place: string; readonly store: string };
}

const BUILT = new URL('../../../dist/', import.meta.url);

async function provider<T extends object>(instance: CanaryInstance, path: string, name: string): Promise<T> {
  const loaded = (await import(new URL(path, BUILT).href)) as Record<string, abstract new (...dependencies: never[]) => T>;
  const token = loaded[name];
  if (!token) throw new Error(`${path} has no ${name}`);
  return instance.lethe.get(token);
}

/** Puts `method` in the place of a provider's own. */
async function replace(instance: CanaryInstance, [path, name, method]: readonly [string, string, string], by: unknown): Promise<void> {
  const target = await provider<Record<string, unknown>>(instance, path, name);
  if (typeof target[method] !== 'function') throw new Error(`${name} has no ${method}`);
  target[method] = by;
}

/** The rule of another class, whose partitions there are. */
const FREE = { store: 'failed_input', days: 30, redact: false, grantId: null };

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'partitions past their day are not dropped',
    profile: 'zero-retention',
    days: [0, 31],
    sabotage: async (instance) => {
      await instance.rows(`CREATE OR REPLACE FUNCTION drop_expired_partitions(target regclass, today date)
        RETURNS TABLE (name text, rows bigint, rows_exact boolean, bytes bigint, held bigint) LANGUAGE sql AS $$ SELECT null, 0, true, 0, 0 WHERE false $$`);
    },
    survivor: { place: 'client request id', store: 'heap' },
  },
  {
    name: 'tables are not rewritten',
    profile: 'zero-retention',
    days: [0, 1, 2],
    sabotage: async (instance) => {
      await instance.rows(
        `CREATE OR REPLACE FUNCTION rewrite_table(target regclass, most_bytes bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
      );
    },
    survivor: { place: 'deleted credential', store: 'index' },
  },
  {
    name: 'ANALYZE samples texts',
    profile: 'zero-retention',
    days: [0, 31],
    sabotage: async (instance) => {
      await instance.rows(`DO $$ DECLARE each regclass; BEGIN
        FOR each IN SELECT oid FROM pg_class WHERE relname ~ '^call_record' AND relkind IN ('r', 'p') LOOP
          EXECUTE format('ALTER TABLE ONLY %s ALTER client_request_id SET STATISTICS -1', each);
        END LOOP; END $$`);
    },
    survivor: { place: 'client request id', store: 'statistics' },
  },
  {
    name: 'backups do not expire',
    profile: 'zero-retention',
    days: [0, 1, 63],
    sabotage: (instance) =>
      replace(instance, ['modules/backups/core/expire-backups.js', 'ExpireBackups', 'sweep'], async () => ({ rows: 0, bytes: 0 })),
    survivor: { place: 'client request id', store: 'backups' },
  },
  {
    name: 'the content gate lets payloads through',
    profile: 'zero-retention',
    days: [0],
    sabotage: (instance) =>
      replace(instance, ['modules/content/content.contract.js', 'ContentGate', 'decide'], () => ({ success: FREE, failure: null })),
    survivor: { place: 'prompt', store: 'API' },
  },
  {
    name: 'the opt-out of a client is not heard',
    profile: 'enterprise',
    days: [0],
    sabotage: async (instance) => {
      const gate = await provider<{ decide(call: object): unknown }>(instance, 'modules/content/content.contract.js', 'ContentGate');
      const decide = gate.decide.bind(gate);
      gate.decide = (call) => decide({ ...call, optedOut: false });
    },
    survivor: { place: 'prompt that opted out', store: 'API' },
  },
  {
    name: 'inputs of failed calls are not redacted',
    profile: 'zero-retention',
    days: [0],
    sabotage: (instance) =>
      replace(instance, ['modules/content/redaction.contract.js', 'Redactor', 'redact'], async (input: { body: Uint8Array }) => ({
        kind: 'redacted',
        body: input.body,
        headers: {},
        findings: {},
      })),
    survivor: { place: 'credential in a failed input', store: 'API' },
  },
  {
    name: 'a content key is not destroyed',
    profile: 'enterprise',
    days: [0, 1, 2],
    sabotage: (instance) =>
      replace(instance, ['modules/content/core/keys/destroy-content-keys.js', 'DestroyContentKeys', 'runAll'], async () => []),
    survivor: { place: 'prompt (enterprise, key destroyed)', store: 'API' },
  },
  {
    name: 'an account is not removed',
    profile: 'zero-retention',
    days: [0, 1, 32],
    sabotage: (instance) =>
      replace(instance, ['modules/accounts/core/operator/remove-minor.js', 'RemoveMinor', 'run'], async () => undefined),
    survivor: { place: 'e-mail address of a person who is removed', store: 'tables' },
  },
];

/** Whether the canaries noticed. */
export function noticed({ survivor }: Mutation, { survivors }: CanaryReport): boolean {
  return survivors.some(({ place, store }) => place.includes(survivor.place) && store.includes(survivor.store));
}

/** Runs the canaries of the built program on an installation with one thing switched off. */
export async function runMutated({ profile, days, sabotage }: Mutation): Promise<CanaryReport> {
  return (await canary()).runCanary({ profile, redis: false, days, sabotage });
}

/** Runs them on an installation into whose every store a word was put past Lethe. */
export async function runLeaking(redis: boolean): Promise<CanaryReport> {
  const sabotage = async (instance: CanaryInstance, book: CanaryBook): Promise<void> =>
    leak(instance, book, await provider<Log>(instance, 'platform/telemetry/logger.js', 'Log'));
  return (await canary()).runCanary({ profile: 'zero-retention', redis, days: [0], sabotage });
}

function canary(): Promise<typeof import('../../../src/cli/canary/run-canary.ts')> {
  return import(new URL('cli/canary/run-canary.js', BUILT).href) as Promise<typeof import('../../../src/cli/canary/run-canary.ts')>;
}
