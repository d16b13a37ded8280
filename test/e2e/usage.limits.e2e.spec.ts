import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { UsageApp } from '../harness/usage.js';

interface Items {
  readonly data: readonly { readonly id: string; readonly scopeId: string }[];
  readonly nextCursor: string | null;
}

let app: UsageApp;
let organisation: OrganisationId;
let other: OrganisationId;
let project: ProjectId;

beforeAll(async () => {
  app = await UsageApp.start();
  organisation = await app.inner.organisation();
  other = await app.inner.organisation();
  project = await app.inner.project(organisation);
});

afterAll(() => app?.stop());

describe('rate limits', () => {
  const path = (scope: string, scopeId: string, id: string = organisation): string =>
    `/organisations/${id}/rate-limits/${scope}/${scopeId}`;
  const rates = { requestsPerMinute: 60, tokensPerMinute: null };

  it('are set, replaced in place and listed, each change with an audit row', async () => {
    expect((await app.request('PUT', path('project', project), rates)).json()).toMatchObject({
      scope: 'project',
      scopeId: project,
      ...rates,
    });
    const changed = { requestsPerMinute: null, tokensPerMinute: 1000 };
    expect((await app.request('PUT', path('project', project), changed)).json()).toMatchObject(changed);
    const { data } = (await app.request('GET', `/organisations/${organisation}/rate-limits`)).json<Items>();
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ scopeId: project, ...changed });
    expect((await app.request('DELETE', path('project', project))).statusCode).toBe(204);
    expect((await app.request('DELETE', path('project', project))).json()).toMatchObject({
      status: 404,
      code: 'usage/rate_limit_not_found',
    });
    expect(await app.auditActions(organisation)).toEqual(['rate_limit.set', 'rate_limit.set', 'rate_limit.deleted']);
  });

  it('of ten that are set at once on one thing, one remains', async () => {
    const key = await app.key(organisation, project);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        app.request('PUT', path('key', key), { requestsPerMinute: index + 1, tokensPerMinute: null }),
      ),
    );
    expect(answers.map((answer) => answer.statusCode)).toEqual(Array.from({ length: 10 }, () => 200));
    const { rowCount } = await app.inner.owner.query('SELECT FROM rate_limit WHERE scope_id = $1', [key]);
    expect(rowCount).toBe(1);
  });

  it("A3: cannot be put on another organisation's project or key, nor lifted from there", async () => {
    const theirProject = await app.inner.project(other);
    const theirKey = await app.key(other, theirProject);
    await app.request('PUT', path('project', theirProject, other), rates);
    const targets = [
      ['project', theirProject],
      ['key', theirKey],
      ['organisation', other],
      ['project', newId()],
    ] as const;
    for (const [scope, id] of targets) {
      expect((await app.request('PUT', path(scope, id), rates)).statusCode).toBe(404);
      expect((await app.request('DELETE', path(scope, id))).statusCode).toBe(404);
    }
    const key = app.serviceKey(organisation, project, 'limits:read', 'limits:write');
    expect((await app.request('PUT', path('project', theirProject, other), rates, key)).statusCode).toBe(404);
    expect((await app.request('DELETE', path('project', theirProject, other), undefined, key)).statusCode).toBe(404);
    expect((await app.request('GET', `/organisations/${other}/rate-limits`, undefined, key)).statusCode).toBe(404);
    const { rowCount } = await app.inner.owner.query('SELECT FROM rate_limit WHERE organisation_id = $1', [other]);
    expect(rowCount).toBe(1);
  });

  it.each([
    [{ requestsPerMinute: null, tokensPerMinute: null }, 'body'],
    [{ requestsPerMinute: 0, tokensPerMinute: null }, 'requestsPerMinute'],
    [{ requestsPerMinute: 5 }, 'tokensPerMinute'],
    [{ requestsPerMinute: 5, tokensPerMinute: 2_147_483_648 }, 'tokensPerMinute'],
    [{ requestsPerMinute: '5', tokensPerMinute: null }, 'requestsPerMinute'],
  ])('refuses %j', async (body, field) => {
    const answer = await app.request('PUT', path('project', project), body);
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors[0]?.field).toBe(field);
  });

  it('refuses a scope that is none', async () => {
    expect((await app.request('PUT', path('team', newId()), rates)).statusCode).toBe(400);
    expect((await app.request('PUT', path('project', 'mine'), rates)).statusCode).toBe(400);
  });

  it('a key without the permission is forbidden', async () => {
    const key = app.serviceKey(organisation, project, 'usage:read');
    expect((await app.request('PUT', path('project', project), rates, key)).statusCode).toBe(403);
    expect((await app.request('GET', `/organisations/${organisation}/rate-limits`, undefined, key)).statusCode).toBe(403);
  });
});

describe('price overrides', () => {
  const price = { provider: 'openai', model: 'gpt-4o', inputPerMillion: '2.500001', outputPerMillion: '10' };

  it('are kept to the last decimal, listed and deleted, each change with an audit row', async () => {
    const answer = await app.request('POST', '/price-overrides', { ...price, perRequest: '0.000000000001' });
    expect(answer.statusCode, answer.body).toBe(201);
    const { id } = answer.json<{ id: string }>();
    const { data } = (await app.request('GET', '/price-overrides')).json<Items>();
    expect(data[0]).toMatchObject({ id, ...price, perRequest: '0.000000000001', cachedInputPerMillion: null });
    expect((await app.request('DELETE', `/price-overrides/${id}`)).statusCode).toBe(204);
    expect((await app.request('DELETE', `/price-overrides/${id}`)).json()).toMatchObject({
      status: 404,
      code: 'usage/price_override_not_found',
    });
    const { rows } = await app.inner.owner.query(`SELECT action FROM audit_event WHERE target_type = 'price_override' ORDER BY id`);
    expect(rows).toEqual([{ action: 'price_override.created' }, { action: 'price_override.deleted' }]);
  });

  it('a model has one for each provider and one for any', async () => {
    const statuses: number[] = [];
    for (const provider of ['openai', 'openai', undefined, null, 'groq']) {
      statuses.push((await app.request('POST', '/price-overrides', { ...price, provider, model: 'once' })).statusCode);
    }
    expect(statuses).toEqual([201, 409, 201, 409, 201]);
  });

  it.each([
    [{ ...price, inputPerMillion: '0.0000001' }, 'inputPerMillion'],
    [{ ...price, outputPerMillion: 10 }, 'outputPerMillion'],
    [{ ...price, cachedInputPerMillion: '-1' }, 'cachedInputPerMillion'],
    [{ ...price, perRequest: '1e3' }, 'perRequest'],
    [{ ...price, model: ' ' }, 'model'],
    [{ ...price, provider: 'Open AI' }, 'provider'],
  ])('refuses %j: a price that would be rounded is another price', async (body, field) => {
    const answer = await app.request('POST', '/price-overrides', body);
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.json<{ errors: { field: string }[] }>().errors[0]?.field).toBe(field);
  });

  it("are the operator's: a service key is forbidden, and a tenant's transaction cannot see them", async () => {
    const key = app.serviceKey(organisation, project, 'usage:read');
    expect((await app.request('GET', '/price-overrides', undefined, key)).statusCode).toBe(403);
    expect((await app.request('POST', '/price-overrides', price, key)).statusCode).toBe(403);
    const read = app.inner.unitOfWork.forOrganisation(organisation, (tx) => tx.query('SELECT FROM price_override'));
    await expect(read).rejects.toThrow(/permission denied/);
  });
});
