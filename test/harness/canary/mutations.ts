// What keeps a promise, switched off in one place at a time: the canaries must notice each (C1, C2, C4, C5, C6, D2, D3, D4, D5).
import type { Mutation } from './mutation.ts';
import { provider, replace, rewriteFunction } from './mutation.ts';

/** Where classes are, in the built program. */
const GATE = ['modules/content/content.contract.js', 'ContentGate', 'decide'] as const;
const POLICIES = ['modules/content/core/gate/content-policies.js', 'ContentPolicies', 'grantsOf'] as const;
const SEAL = ['modules/content/core/keeping/seal-call.js', 'SealCall', 'run'] as const;
const COPY_HELD = 'copy_held_rows(regclass, date, bigint)';

/** The rule of another class, whose partitions there are. */
const FREE = { store: 'failed_input', days: 1, redact: false, grantId: null };

const nothing = () => () => Promise.resolve();

/** What the two of them have inside. */
interface Waiting {
  readonly call: { readonly request: Buffer };
}

interface WritingLog {
  readonly sink: Record<string, (fields: object, message: string) => void>;
  write(level: string, message: string, fields?: object): void;
}

const PURGES: readonly Mutation[] = [
  {
    name: 'partitions past their day are not dropped',
    days: [0, 3],
    sabotage: async (instance) => {
      await instance.rows(`CREATE OR REPLACE FUNCTION drop_expired_partitions(target regclass, today date)
        RETURNS TABLE (name text, rows bigint, rows_exact boolean, bytes bigint, held bigint) LANGUAGE sql AS $$ SELECT null, 0, true, 0, 0 WHERE false $$`);
    },
    sign: { survivor: 'client request id', store: 'heap' },
  },
  {
    name: 'tables are not rewritten',
    days: [0, 1, 2],
    sabotage: async (instance) => {
      await instance.rows(
        `CREATE OR REPLACE FUNCTION rewrite_table(target regclass, most_bytes bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
      );
    },
    sign: { survivor: 'deleted credential', store: 'index' },
  },
  {
    name: 'ANALYZE samples texts',
    days: [0, 3],
    sabotage: async (instance) => {
      await instance.rows(`DO $$ DECLARE each regclass; BEGIN
        FOR each IN SELECT oid FROM pg_class WHERE relname ~ '^call_record' AND relkind IN ('r', 'p') LOOP
          EXECUTE format('ALTER TABLE ONLY %s ALTER client_request_id SET STATISTICS -1', each);
        END LOOP; END $$`);
    },
    sign: { survivor: 'client request id', store: 'statistics' },
  },
  {
    name: 'backups do not expire',
    days: [0, 1, 3, 5, 8],
    sabotage: (instance) =>
      replace(instance, ['modules/backups/core/expire-backups.js', 'ExpireBackups', 'sweep'], () => () => ({ rows: 0, bytes: 0 })),
    sign: { survivor: 'client request id (terse)', store: 'backups' },
  },
  {
    name: 'copies of erasures do not expire',
    days: [0, 1, 3, 5, 9],
    sabotage: (instance) =>
      replace(instance, ['modules/backups/core/erasures/expire-erasures.js', 'ExpireErasures', 'sweep'], () => () => ({
        rows: 0,
        bytes: 0,
      })),
    sign: { survivor: 'the oldest of blobs.erasures', store: 'survey' },
  },
  {
    name: 'receipts are not written',
    days: [0, 3],
    sabotage: (instance) => replace(instance, ['modules/retention/core/receipts/receipts.js', 'Receipts', 'close'], nothing),
    sign: { missing: 'receipt of what went from call_record' },
  },
  {
    name: 'an account is not removed',
    days: [0, 1, 4],
    sabotage: (instance) => replace(instance, ['modules/accounts/core/operator/remove-minor.js', 'RemoveMinor', 'run'], nothing),
    sign: { survivor: 'e-mail address of a person who is removed', store: 'tables' },
  },
  {
    name: 'rows are not filed anew when a window becomes shorter',
    days: [0, 1, 2, 3],
    sabotage: (instance) => replace(instance, ['modules/retention/core/purge/refile-rows.js', 'RefileRows', 'run'], nothing),
    sign: { survivor: 'client request id (chatty, shortened)', store: 'tables' },
  },
  {
    name: 'windows from before a change are forgotten',
    days: [0, 1, 2, 3],
    sabotage: (instance) =>
      replace(instance, ['modules/retention/data/filed-windows.repository.js', 'FiledWindowsRepository', 'addDays'], nothing),
    sign: { survivor: 'sealed payload 1 (chatty, shortened)', store: 'heap' },
  },
  {
    name: 'the round of retention does not run',
    days: [0, 3],
    sabotage: (instance) => replace(instance, ['modules/retention/core/run-retention.js', 'RunRetention', 'run'], nothing),
    sign: { survivor: 'the oldest of call_failed_input', store: 'survey' },
  },
];

const GATE_RULES: readonly Mutation[] = [
  {
    name: 'the content gate lets payloads through',
    days: [0],
    sabotage: (instance) => replace(instance, GATE, () => () => ({ success: FREE, failure: null })),
    sign: { survivor: 'prompt (terse)', store: 'API' },
  },
  {
    name: 'the opt-out of a client is not heard',
    days: [0],
    sabotage: (instance) => replace(instance, GATE, (decide) => (call: object) => decide({ ...call, optedOut: false } as never)),
    sign: { survivor: 'prompt that opted out', store: 'API' },
  },
  {
    name: 'the end of a grant is not heard',
    days: [0],
    sabotage: (instance) => {
      let last: readonly unknown[] = [];
      const remember = (grants: readonly unknown[]): readonly unknown[] => (grants.length > 0 ? (last = grants) : last);
      return replace(instance, POLICIES, (own) => (id: string) => remember(own(id as never) as readonly unknown[]));
    },
    sign: { survivor: 'prompt after a grant', store: 'API' },
  },
  {
    name: 'inputs of failed calls are not redacted',
    days: [0],
    sabotage: (instance) =>
      replace(
        instance,
        ['modules/content/redaction.contract.js', 'Redactor', 'redact'],
        () => (input: { readonly body: Uint8Array }) => Promise.resolve({ kind: 'redacted', body: input.body, headers: {}, findings: {} }),
      ),
    sign: { survivor: 'credential in a failed input', store: 'API' },
  },
  {
    name: 'content is written as it was said',
    days: [0],
    sabotage: (instance) =>
      replace(instance, SEAL, (run) => async (waiting: Waiting) => {
        const sealed = (await run(waiting as never)) as object | null;
        return sealed && { ...sealed, pieces: [waiting.call.request] };
      }),
    sign: { survivor: 'system prompt (chatty)', store: 'tables' },
  },
  {
    // A careless line as somebody might add one. The list leaves out a field that is not on it (logger.spec.ts); here it does not.
    name: 'the log writes whatever it is given',
    days: [0],
    sabotage: async (instance) => {
      const log = await provider<WritingLog>(instance, 'platform/telemetry/logger.js', 'Log');
      log.write = (level, message, fields) => log.sink[level]?.(fields ?? {}, message);
      await replace(instance, SEAL, (run) => (waiting: Waiting) => {
        log.write('info', 'a careless line', { request: waiting.call.request.toString() });
        return run(waiting as never);
      });
    },
    sign: { survivor: 'system prompt (chatty)', store: 'log' },
  },
];

const KEYS: readonly Mutation[] = [
  {
    name: 'a content key is not destroyed',
    days: [0, 1, 2],
    sabotage: (instance) =>
      replace(
        instance,
        ['modules/content/core/keys/destroy-content-keys.js', 'DestroyContentKeys', 'runAll'],
        () => () => Promise.resolve([]),
      ),
    sign: { survivor: 'prompt (chatty, key destroyed)', store: 'API' },
  },
  {
    name: 'a content key is said to be destroyed, and stays',
    days: [0, 1, 2],
    sabotage: (instance) =>
      replace(
        instance,
        ['modules/content/core/keys/audited-content-keys.js', 'AuditedContentKeys', 'destroy'],
        () => (_tx: unknown, _actor: unknown, _organisation: unknown, versions: readonly number[]) => Promise.resolve([...versions]),
      ),
    sign: { survivor: 'wrapped content key 1 (chatty, key destroyed)', store: 'heap' },
  },
];

const CLIENT = ['modules/federation/core/authorization-code-client.js', 'AuthorizationCodeClient', 'oidcClaims'] as const;
const GRANTS = ['modules/federation/data/external-grants.repository.js', 'ExternalGrantsRepository', 'put'] as const;

const SIGN_ON: readonly Mutation[] = [
  {
    name: 'more is kept of what an identity provider says',
    days: [0],
    sabotage: (instance) =>
      replace(instance, CLIENT, (own) => async (...given: never[]) => {
        const claims = (await own(...given)) as { readonly name?: string };
        return { ...claims, preferred_username: claims.name };
      }),
    sign: { survivor: 'name of somebody of an OpenID provider', store: 'tables' },
  },
  {
    name: 'refresh tokens are kept as they are',
    days: [0],
    sabotage: async (instance) => {
      let token = '';
      await replace(instance, ['modules/federation/core/keep-grant.js', 'KeepGrant', 'run'], (own) => (id: never, given: string) => {
        token = given;
        return own(id, given as never);
      });
      await replace(instance, GRANTS, (own) => (tx: never, row: object) => own(tx, { ...row, ciphertext: Buffer.from(token) } as never));
    },
    sign: { survivor: 'refresh token of somebody of an OpenID provider', store: 'heap' },
  },
  {
    name: 'identity providers are not asked again',
    days: [0, 1, 2],
    sabotage: (instance) => replace(instance, ['modules/federation/core/refresh-profiles.js', 'RefreshProfiles', 'run'], nothing),
    sign: { survivor: 'username of somebody of an OpenID provider of whom less is said', store: 'tables' },
  },
];

const HOLDS: readonly Mutation[] = [
  {
    name: 'what a hold covers is not kept',
    days: [0, 1, 3, 5],
    sabotage: async (instance) => {
      await instance.rows(
        `CREATE OR REPLACE FUNCTION copy_held_rows(target regclass, day date, most bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'`,
      );
    },
    sign: { missing: 'client request id (chatty, held)' },
  },
  {
    name: 'a hold keeps what it does not cover',
    days: [0, 1, 3, 5],
    sabotage: (instance) => rewriteFunction(instance, COPY_HELD, '($4 IS NULL OR %3$s = $4)', '($4 IS NULL OR $4 IS NOT NULL)'),
    sign: { survivor: 'client request id (chatty)', store: 'tables' },
  },
  {
    name: 'what a released hold kept is not let go of',
    days: [0, 1, 3, 5, 6, 7],
    sabotage: (instance) => replace(instance, ['modules/retention/core/holds/empty-holds.js', 'EmptyHolds', 'run'], nothing),
    sign: { survivor: 'client request id (chatty, held)', store: 'tables' },
  },
  {
    name: 'a content key is destroyed in spite of a hold',
    days: [0, 1, 2],
    sabotage: (instance) => replace(instance, ['contracts/legal-holds.js', 'LegalHolds', 'assertFree'], nothing),
    sign: { missing: 'prompt (chatty, held)' },
  },
];

export const MUTATIONS: readonly Mutation[] = [...PURGES, ...GATE_RULES, ...KEYS, ...SIGN_ON, ...HOLDS];
