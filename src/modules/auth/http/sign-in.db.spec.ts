import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Replica, startReplica } from '../../../../test/harness/module-context.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/postgres.js';
import { ManualClock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { OperatorAdministration } from '../auth.contract.js';
import { API_KEY_PREFIX, issueSecret, OPERATOR_TOKEN_PREFIX } from '../core/secret-format.js';

const actor = { kind: 'system', id: 'test' } as const;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: { readonly [field: string]: unknown; readonly code?: string; readonly data?: Record<string, string>[] };
  readonly text: string;
}

describe('the admin API', () => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let replica: Replica;
  let token: string;
  const clock = new ManualClock(Date.now());
  const log: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.url });
    replica = await startReplica(database.url, { clock, log, settings: { trustedProxies: ['10.0.0.0/8'] } });
    ({ token } = await replica.app.get(OperatorAdministration).createOperator('ada', actor));
  });

  afterAll(async () => {
    await replica.close();
    await owner.end();
    await database.drop();
  });

  interface Call {
    readonly bearer?: string | undefined;
    readonly body?: unknown;
    readonly from?: string;
    /** What a proxy says of whom it speaks for. */
    readonly forwardedFor?: string;
  }

  async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options: Call = {}): Promise<Answer> {
    const bearer = 'bearer' in options ? options.bearer : token;
    const answer = await replica.app.inject({
      method,
      url: `/api/v1/${path}`,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(options.forwardedFor === undefined ? {} : { 'x-forwarded-for': options.forwardedFor }),
      },
      remoteAddress: options.from ?? '192.0.2.1',
      ...(options.body === undefined ? {} : { payload: options.body as object }),
    });
    const text = answer.body;
    if (bearer) expect(text).not.toContain(bearer);
    return { status: answer.statusCode, headers: answer.headers, body: text === '' ? {} : JSON.parse(text), text };
  }

  function textOf(value: unknown): string {
    if (typeof value !== 'string') throw new TypeError('not text');
    return value;
  }

  async function tenant(slug: string): Promise<{ organisationId: string; projectId: string }> {
    const organisation = await call('POST', 'organisations', { body: { slug, name: slug } });
    expect(organisation.status).toBe(201);
    const organisationId = organisation.body['id'] as string;
    const project = await call('POST', `organisations/${organisationId}/projects`, { body: { name: 'main' } });
    expect(project.status).toBe(201);
    return { organisationId, projectId: project.body['id'] as string };
  }

  it('leads an operator from nothing to a key that says who it is', async () => {
    const { organisationId, projectId } = await tenant('first');
    const scopes = ['inference:invoke', 'usage:read'];
    const made = await call('POST', `organisations/${organisationId}/keys`, { body: { name: 'backend', projectId, scopes } });
    expect(made.status).toBe(201);
    expect(made.headers['cache-control']).toContain('no-store');
    const secret = made.body['secret'] as string;
    expect(made.body).toMatchObject({ status: 'active', hint: secret.slice(-4), organisationId, projectId, scopes });
    const me = await call('GET', 'me', { bearer: secret });
    expect(me.body).toEqual({
      kind: 'service_key',
      id: made.body['id'],
      organisationId,
      projectId,
      permissions: ['identity:read', ...scopes],
      memberships: [],
    });
    expect((await call('GET', 'me')).body).toMatchObject({ kind: 'operator', organisationId: null, projectId: null });

    const shown = await call('GET', `organisations/${organisationId}/keys/${textOf(made.body['id'])}`);
    const listed = await call('GET', `organisations/${organisationId}/keys`);
    for (const { text } of [shown, listed]) expect(text).not.toContain(secret.slice(9, -4));
    expect(listed.body.data).toHaveLength(1);

    const revoke = (): Promise<Answer> => call('DELETE', `organisations/${organisationId}/keys/${textOf(made.body['id'])}`);
    expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 204]);
    expect((await call('GET', `organisations/${organisationId}/keys/${textOf(made.body['id'])}`)).body['status']).toBe('revoked');
    const audit = await call('GET', `organisations/${organisationId}/audit-events`);
    expect(audit.body.data?.map((event) => event['action'])).toEqual([
      'api_key.revoked',
      'api_key.created',
      'project.created',
      'organisation.created',
    ]);
    expect(audit.text).not.toContain(secret.slice(9, -4));
    expect(log.join('')).not.toContain(secret.slice(9, -4));
  });

  it('pages through a list without losing or repeating a row', async () => {
    const { organisationId } = await tenant('pages');
    for (const name of ['b', 'c', 'd']) await call('POST', `organisations/${organisationId}/projects`, { body: { name } });
    const names: (string | undefined)[] = [];
    let cursor = '';
    do {
      const page = await call('GET', `organisations/${organisationId}/projects?limit=2${cursor}`);
      names.push(...(page.body.data ?? []).map((project) => project['name']));
      cursor = page.body['nextCursor'] === null ? '' : `&cursor=${textOf(page.body['nextCursor'])}`;
    } while (cursor !== '');
    expect(names).toEqual(['main', 'b', 'c', 'd']);
    expect((await call('GET', `organisations?cursor=${Buffer.from('{"id":1}').toString('base64url')}`)).status).toBe(400);
  });

  it('changes organisations and projects, and names what it refuses', async () => {
    const { organisationId, projectId } = await tenant('changes');
    const path = `organisations/${organisationId}`;
    expect((await call('PATCH', path, { body: { name: 'New', status: 'suspended' } })).body).toMatchObject({
      name: 'New',
      status: 'suspended',
    });
    expect((await call('PATCH', `${path}/projects/${projectId}`, { body: { status: 'archived' } })).body['status']).toBe('archived');
    const cases: [string, unknown, string][] = [
      [path, { status: 'deleted' }, 'status'],
      [path, { name: null }, 'name'],
      [path, { slug: 'other' }, 'slug'],
      [`${path}/projects/${projectId}`, { name: 'a\u0000b' }, 'name'],
    ];
    for (const [url, body, field] of cases) {
      const answer = await call('PATCH', url, { body });
      expect(answer.status).toBe(400);
      expect(answer.body['errors']).toMatchObject([{ field }]);
    }
    expect((await call('POST', 'organisations', { body: { slug: 'changes', name: 'x' } })).body.code).toBe('tenants/slug_taken');
    const key = { name: 'k', projectId: newId(), scopes: ['usage:read'] };
    expect((await call('POST', `${path}/keys`, { body: key })).body.code).toBe('tenants/project_not_found');
    const wrong = { ...key, scopes: ['keys:write'], expiresAt: 'tomorrow', allowedNetworks: 'x' };
    expect((await call('POST', `${path}/keys`, { body: wrong })).body['errors']).toMatchObject([
      { field: 'scopes' },
      { field: 'expiresAt' },
      { field: 'allowedNetworks' },
    ]);
    for (const unknown of [path, `${path}/keys`, `${path}/projects`].map((url) => url.replace(organisationId, newId()))) {
      expect((await call('GET', unknown)).status).toBe(404);
    }
    expect((await call('GET', 'organisations/not-an-id')).status).toBe(400);
  });

  it('A4: demands a token of every route, and takes it from the authorization header only', async () => {
    const paths = ['me', 'organisations', 'audit-events', `organisations/${newId()}`, `organisations/${newId()}/keys`];
    for (const path of paths) {
      const answer = await call('GET', path, { bearer: undefined, from: '192.0.2.2' });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="lethe"']);
    }
    expect((await call('GET', `me?access_token=${token}`, { bearer: undefined })).status).toBe(401);
    expect((await call('POST', 'organisations', { bearer: undefined, body: { slug: 'x', name: 'x', access_token: token } })).status).toBe(
      401,
    );
  });

  it('A3: a service key administers nothing, its own organisation included', async () => {
    const { organisationId, projectId } = await tenant('limited');
    const made = await call('POST', `organisations/${organisationId}/keys`, { body: { name: 'k', projectId, scopes: ['usage:read'] } });
    const bearer = made.body['secret'] as string;
    for (const path of ['organisations', `organisations/${organisationId}`, `organisations/${organisationId}/keys`, 'audit-events']) {
      expect((await call('GET', path, { bearer })).body.code).toBe('http/forbidden');
    }
  });

  it('A4: a revoked token, an expired one and a disabled operator are refused at the next request', async () => {
    const administration = replica.app.get(OperatorAdministration);
    const bob = await administration.createOperator('bob', actor);
    const second = await administration.issueToken('bob', actor);
    expect((await call('GET', 'me', { bearer: second.token })).status).toBe(200);
    expect(await administration.revokeTokens('bob', actor)).toBe(2);
    expect(await administration.revokeTokens('bob', actor)).toBe(0);
    expect((await call('GET', 'me', { bearer: second.token })).body.code).toBe('auth/revoked_token');
    const third = await administration.issueToken('bob', actor);
    await owner.query('UPDATE operator_token SET expires_at = $2 WHERE operator_id = $1', [bob.operatorId, clock.now()]);
    expect((await call('GET', 'me', { bearer: third.token })).body.code).toBe('auth/expired_token');
    const fourth = await administration.issueToken('bob', actor);
    await owner.query(`UPDATE operator SET status = 'disabled' WHERE id = $1`, [bob.operatorId]);
    expect((await call('GET', 'me', { bearer: fourth.token })).body.code).toBe('auth/revoked_token');
    await expect(administration.createOperator('bob', actor)).rejects.toMatchObject({ code: 'auth/operator_name_taken' });
    await expect(administration.issueToken('nobody', actor)).rejects.toMatchObject({ code: 'auth/operator_not_found' });
    expect(await administration.hasOperators()).toBe(true);
  });

  it('A7: twenty wrong tokens from one address wait a minute, while another address and a known operator go on', async () => {
    const from = '198.51.100.1';
    expect((await call('GET', 'me', { from })).status).toBe(200);
    const wrong = ['x', issueSecret(OPERATOR_TOKEN_PREFIX), issueSecret(API_KEY_PREFIX)];
    for (let n = 0; n < 20; n += 1) expect((await call('GET', 'me', { bearer: wrong[n % 3], from })).status).toBe(401);
    const refused = await call('GET', 'me', { bearer: 'x', from });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect((await call('GET', 'me', { from })).status).toBe(200);
    expect((await call('GET', 'me', { bearer: 'x', from: '198.51.100.2' })).status).toBe(401);
    clock.advance(60_000);
    expect((await call('GET', 'me', { bearer: 'x', from })).status).toBe(401);
  });

  it('A7: behind a trusted proxy it is the client who waits, not the proxy; nobody else can speak for another', async () => {
    const attempt = (from: string, forwardedFor: string) => call('GET', 'me', { bearer: 'x', from, forwardedFor });
    for (let n = 0; n < 20; n += 1) expect((await attempt('10.0.0.1', '203.0.113.1')).status).toBe(401);
    expect((await attempt('10.0.0.1', '203.0.113.1')).status).toBe(429);
    expect((await attempt('10.0.0.1', '203.0.113.2')).status).toBe(401);
    expect((await attempt('203.0.113.3', '203.0.113.1')).status).toBe(401);
  });

  it('K4: behind a trusted proxy an allow-list sees the client', async () => {
    const { organisationId, projectId } = await tenant('fenced');
    const key = { name: 'fenced', projectId, scopes: ['usage:read'], allowedNetworks: ['203.0.113.0/24'] };
    const bearer = (await call('POST', `organisations/${organisationId}/keys`, { body: key })).body['secret'] as string;
    expect((await call('GET', 'me', { bearer, from: '10.0.0.1', forwardedFor: '203.0.113.9' })).status).toBe(200);
    expect((await call('GET', 'me', { bearer, from: '10.0.0.1', forwardedFor: '192.0.2.9' })).body.code).toBe('auth/network_not_allowed');
    expect((await call('GET', 'me', { bearer, from: '192.0.2.9', forwardedFor: '203.0.113.9' })).body.code).toBe(
      'auth/network_not_allowed',
    );
  });

  it('two applications in one process do not take each other’s tokens', async () => {
    const otherDatabase = await createTestDatabase();
    const other = await startReplica(otherDatabase.url);
    const elsewhere = await other.app.get(OperatorAdministration).createOperator('eve', actor);
    expect((await call('GET', 'me')).status).toBe(200);
    expect((await call('GET', 'me', { bearer: elsewhere.token })).body.code).toBe('auth/invalid_token');
    await other.close();
    await otherDatabase.drop();
  });
});
