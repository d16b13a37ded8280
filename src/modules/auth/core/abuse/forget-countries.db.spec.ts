import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { sweepTables } from '../../../../../test/harness/sweeps.js';
import { fixedWindows } from '../../../../../test/harness/windows.js';
import type { ApiKeyId, OrganisationId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { OrganisationAdministration } from '../../../tenants/tenants.contract.js';
import { KeyAdministration } from '../../auth.contract.js';
import { KeyCountriesRepository } from '../../data/key-countries.repository.js';
import { ForgetCountries } from './forget-countries.js';

const actor = { kind: 'system', id: 'test' } as const;

let database: TestDatabase;
let owner: pg.Pool;
let replica: Replica;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  replica = await startReplica(database.url);
});

afterAll(async () => {
  await replica.close();
  await owner.end();
  await database.drop();
});

/** A key of an organisation of its own. */
async function key(slug: string): Promise<{ readonly organisationId: OrganisationId; readonly keyId: ApiKeyId }> {
  const organisations = replica.app.get(OrganisationAdministration);
  const { id: organisationId } = await organisations.createOrganisation({ slug, name: slug, kind: 'customer' }, actor);
  const { id: projectId } = await organisations.createProject({ organisationId, name: 'main' }, actor);
  const made = await replica.app
    .get(KeyAdministration)
    .createKey({ organisationId, projectId, name: 'k', scopes: ['usage:read'], expiresAt: null, allowedNetworks: [] }, actor);
  return { organisationId, keyId: made.key.id };
}

it('D2: a country a key was not used from for its organisation’s window is gone, and no other', async () => {
  const [brief, long] = [await key('brief'), await key('long')];
  const countries = new KeyCountriesRepository();
  const unitOfWork = replica.app.get(UnitOfWork);
  const days = ['2026-05-01', '2026-05-02', '2026-05-25'];
  const sightings = [brief, long].flatMap(({ keyId }) =>
    days.map((day, index) => ({ keyId, country: ['AT', 'BE', 'CH'][index] ?? '', day })),
  );
  await unitOfWork.asSystem((tx) => countries.note(tx, sightings));

  const windows = fixedWindows({ network_trace: 30 });
  windows.setFor(brief.organisationId, 'network_trace', 7);
  const sweep = new ForgetCountries(unitOfWork, countries, windows);
  const nowMs = Date.parse('2026-05-31T00:00:01Z');
  expect(await sweepTables(sweep, unitOfWork, nowMs)).toEqual({ key_country: 3 });
  expect(await sweepTables(sweep, unitOfWork, nowMs)).toEqual({ key_country: 0 });
  const { rows } = await owner.query('SELECT key_id AS "keyId", country FROM key_country ORDER BY country');
  expect(rows).toEqual([
    { keyId: long.keyId, country: 'BE' },
    { keyId: brief.keyId, country: 'CH' },
    { keyId: long.keyId, country: 'CH' },
  ]);
});
