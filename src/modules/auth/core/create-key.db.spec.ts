import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { OrganisationAdministration } from '../../tenants/tenants.contract.js';
import { KeyAdministration } from '../auth.contract.js';

const actor = { kind: 'system', id: 'test' } as const;

describe('making API keys', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let here: Replica;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    here = await startReplica(database.url);
  });

  afterAll(async () => {
    await here.close();
    await owner.end();
    await database.drop();
  });

  it('K4: an organisation has at most 5,000 keys that work, so that it does not push the keys of others out of memory', async () => {
    const organisations = here.app.get(OrganisationAdministration);
    const { id: organisationId } = await organisations.createOrganisation({ slug: 'many', name: 'Many', kind: 'customer' }, actor);
    const { id: projectId } = await organisations.createProject({ organisationId, name: 'main' }, actor);
    await owner.query('ALTER TABLE api_key DISABLE TRIGGER announce');
    await owner.query(
      `INSERT INTO api_key (id, organisation_id, project_id, name, secret_hash, hint, scopes, allowed_networks, created_at, revoked_at, expires_at)
       SELECT gen_random_uuid(), $1, $2, 'key', sha256(n::text::bytea), 'abcd', '{usage:read}', '{}', now(),
         CASE WHEN n > 4999 THEN now() END, CASE WHEN n > 5500 THEN now() END FROM generate_series(1, 6000) AS n`,
      [organisationId, projectId],
    );
    await owner.query('ALTER TABLE api_key ENABLE TRIGGER announce');
    const command = { organisationId, projectId, name: 'one more', scopes: ['usage:read'] as const, expiresAt: null, allowedNetworks: [] };
    const keys = here.app.get(KeyAdministration);
    const made = await Promise.allSettled([keys.createKey(command, actor), keys.createKey(command, actor)]);
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(keys.createKey(command, actor)).rejects.toMatchObject({ code: 'auth/too_many_keys', details: { limit: 5_000 } });
  });
});
