import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateNow } from '../../src/app/database.js';
import { TestLethe } from '../harness/app.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

describe('a login that owns nothing', () => {
  const login = `lethe_login_${randomBytes(4).toString('hex')}`;
  let database: TestDatabase;
  let app: TestLethe;

  beforeAll(async () => {
    database = await createTestDatabase();
    await migrateNow({ url: database.url, ownerUrl: database.url, embedded: false, close: () => Promise.resolve() });
    await asOwner(
      `CREATE ROLE ${login} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS; GRANT lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup TO ${login}`,
    );
    const url = new URL(database.url.replace('postgresql://', 'http://').replace('@/', '@x/'));
    url.username = login;
    app = await TestLethe.start({
      databaseUrl: url.href.replace('http://', 'postgresql://').replace('@x/', '@/'),
      environment: { LETHE_MIGRATE: 'never', LETHE_ROLES: 'api,gateway,worker' },
    });
  });

  afterAll(async () => {
    await app.stop();
    await database.drop();
    const server = new URL(database.url.replace('postgresql://', 'http://').replace('@/', '@x/'));
    const client = new pg.Client({ connectionString: database.url.replace(server.pathname, '/postgres') });
    await client.connect();
    await client.query(`DROP ROLE ${login}`);
    await client.end();
  });

  async function asOwner(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  it('A3: serves every role with it: calls, the ledger, the admin API and the queue', async () => {
    const tenant = await app.tenant();
    const answer = await app.openai(tenant).chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] });
    expect(answer.choices.length).toBe(1);
    await expect.poll(async () => (await fetch(`${app.url}/health/ready`)).status, { timeout: 10_000 }).toBe(200);
    const listed = await app.api<{ data: unknown[] }>('GET', `/usage/requests?organisationId=${tenant.organisationId}`);
    expect(listed.body.data.length).toBe(1);
  });

  it('A3: cannot touch a table outside the roles it takes on', async () => {
    await expect(app.rows('SELECT * FROM call_record')).rejects.toMatchObject({ code: '42501' });
    await expect(app.rows('DROP TABLE audit_event')).rejects.toMatchObject({ code: '42501' });
  });

  it('deletes with a JSON content type and no body, as many clients send it', async () => {
    const { organisationId, keyId } = await app.tenant();
    const response = await fetch(`${app.url}/api/v1/organisations/${organisationId}/keys/${keyId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${app.operatorToken}`, 'content-type': 'application/json' },
    });
    expect(response.status).toBe(204);
  });
});
