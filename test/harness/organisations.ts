import type { OrganisationId } from '../../src/kernel/ids.js';
import { Memberships } from '../../src/modules/tenants/tenants.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../src/platform/http/permissions.js';
import { type Person, type PersonOptions, signUp } from './accounts.js';
import type { TestLethe } from './app.js';

const ACTOR = { kind: 'system', id: 'test' } as const;

/** A person with an account who is a member, signed in, past every invitation. */
export async function memberOf(
  test: TestLethe,
  organisationId: OrganisationId,
  role: OrganisationRole,
  options: PersonOptions = {},
): Promise<Person> {
  const person = await signUp(test.lethe, options);
  const membership = { organisationId, accountId: person.accountId, role, source: 'invitation' } as const;
  await test.lethe.get(UnitOfWork).forOrganisation(organisationId, (tx) => test.lethe.get(Memberships).add(tx, membership, ACTOR));
  return person;
}

/** The roles of an organisation as the database has them, by account. */
export async function rolesIn(test: TestLethe, organisationId: OrganisationId): Promise<Record<string, string>> {
  const rows = await test.rows<{ account_id: string; role: string }>('SELECT account_id, role FROM membership WHERE organisation_id = $1', [
    organisationId,
  ]);
  return Object.fromEntries(rows.map(({ account_id, role }) => [account_id, role]));
}

/**
 * Makes the database end the session that writes `act` on `table`, at that moment: what a process that is killed there leaves behind. Answers how to
 * take the trap away.
 */
export async function killAt(
  test: TestLethe,
  table: string,
  act: 'INSERT' | 'UPDATE' | 'DELETE',
  when = 'true',
): Promise<() => Promise<void>> {
  const row = act === 'DELETE' ? 'OLD' : 'NEW';
  await test.rows(`CREATE FUNCTION killed_here() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF ${when.replaceAll('row.', `${row}.`)} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN ${row}; END $$`);
  await test.rows(`CREATE TRIGGER killed_here BEFORE ${act} ON ${table} FOR EACH ROW EXECUTE FUNCTION killed_here()`);
  return async () => {
    await test.rows(`DROP TRIGGER killed_here ON ${table}`);
    await test.rows('DROP FUNCTION killed_here()');
  };
}
