// Rows that should be gone, in every table whose rows are deleted one by one: what a sweep that is switched off would leave.
import type pg from 'pg';
import { declaredTables } from '../../../src/contracts/data-inventory.js';

/** Whether a replica lives goes by the database's clock (ADR 0008), which no test moves. The queue's tables are its own role's. */
const BY_ANOTHER_CLOCK = new Set(['gateway_instance']);

/** A table of which rows are swept, and the column that says from when on they may go. */
export interface SweptTable {
  readonly table: string;
  readonly from: string;
}

/** All of them, from the inventory. */
export function sweptTables(): SweptTable[] {
  return declaredTables().flatMap(({ table, retention }) =>
    (retention.kind === 'transient' || retention.kind === 'window') && !table.includes('.') && !BY_ANOTHER_CLOCK.has(table)
      ? [{ table, from: retention.from }]
      : [],
  );
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNeeded: boolean;
}

/** What stands for a value of a type; `$1` is the moment. */
const VALUES: Readonly<Record<string, string>> = {
  // Version 7 (RFC 9562 §5.7): many an id says when its row was made.
  uuid: `(lpad(to_hex((extract(epoch FROM $1::timestamptz) * 1000)::bigint), 12, '0')
    || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid`,
  bytea: 'sha256(gen_random_uuid()::text::bytea)',
  boolean: 'false',
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '0',
  json: "'[]'",
  jsonb: "'{}'",
  date: '$1::date',
  'timestamp with time zone': '$1::timestamptz',
  'text[]': "'{audit_log}'",
  text: "'x'",
};

/** Where a check wants more than a value of the type. */
const CHECKED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  account_session: { method: "'password'" },
  invitation: { role: "'viewer'", invited_by_kind: "'account'" },
  key_country: { country: "'DE'" },
  legal_hold: {
    matter: "'M-1'",
    reason: "'litigation'",
    account_id: 'gen_random_uuid()',
    release_requested_by: 'gen_random_uuid()',
    release_requested_at: '$1::timestamptz',
    released_by: 'gen_random_uuid()',
    released_at: '$1::timestamptz',
  },
  retention_progress: { store: "'key_habit'", action: "'swept'", data_class: "'usage_aggregate'" },
  suppressed_address: { reason: "'bounced'" },
  // Noted long ago, and still to be summed: hours beyond the reach of the roll-up are nobody's work.
  usage_late_hour: { hour: `date_trunc('hour', now() - interval '3 hours')` },
  webauthn_challenge: { ceremony: "'passkey'" },
};

/** Leaves a row in each of the tables whose time was over at `at`. What they belong to need not be there: nobody asks for that when they go. */
export async function leaveOverdue(owner: pg.Pool, tables: readonly SweptTable[], at: Date): Promise<void> {
  const client = await owner.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL session_replication_role = replica');
    for (const { table, from } of tables) {
      const { rows } = await client.query<Column>(COLUMNS, [table]);
      const given = CHECKED[table] ?? {};
      const filled = rows.filter(({ name, isNeeded }) => isNeeded || name === from || name in given);
      const values = filled.map(({ name, type }) => given[name] ?? VALUES[type.replace(/\(.*\)/, '')] ?? 'NULL');
      const names = filled.map(({ name }) => `"${name}"`).join(', ');
      await client.query(
        `WITH at AS (SELECT $1::timestamptz) INSERT INTO ${table} (${names}) SELECT ${values.join(', ')} FROM at ON CONFLICT DO NOTHING`,
        [at],
      );
    }
    await client.query('COMMIT');
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

const COLUMNS = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AND NOT atthasdef AS "isNeeded"
  FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`;
