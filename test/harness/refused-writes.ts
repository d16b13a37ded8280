import type { TestLethe } from './app.js';

const TABLES = [
  'account',
  'account_password',
  'account_session',
  'account_ticket',
  'password_recovery_code',
  'outgoing_mail',
  'audit_event',
];

/** Lets `work` run while the database refuses to write to `table`: what a crash at that step leaves is what this leaves. */
export async function whileRefusing<T>(test: TestLethe, table: string, work: () => Promise<T>): Promise<T> {
  await test.rows(`CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''boom''; END'`);
  await test.rows(`CREATE TRIGGER boom BEFORE INSERT OR UPDATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION boom()`);
  try {
    return await work();
  } finally {
    await test.rows('DROP FUNCTION boom CASCADE');
  }
}

/** How many rows there are of what a sign-up writes. */
export async function signUpRows(test: TestLethe): Promise<Readonly<Record<string, string | undefined>>> {
  const rows = await Promise.all(TABLES.map((table) => test.rows<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)));
  return Object.fromEntries(TABLES.map((table, index) => [table, rows[index]?.[0]?.n]));
}
