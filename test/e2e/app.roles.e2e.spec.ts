import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLethe } from '../harness/app.js';

describe('a process with the role gateway alone', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await TestLethe.start({ environment: { LETHE_ROLES: 'gateway' } });
  });
  afterAll(() => app?.stop());

  it('carries calls', async () => {
    const answer = await app.chat(await app.tenant(), { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
    expect(answer.status).toBe(200);
  });

  it.each(['/api/v1/organisations', '/%61pi/v1/organisations', '/docs', '/openapi.json', '/docs/swagger-ui.css'])(
    'has no %s, even for the operator',
    async (path) => {
      const answer = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${app.operatorToken}` } });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    },
  );

  it('answers for its health and its metrics', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) expect((await fetch(app.url + path)).status).toBe(200);
  });
});

describe('a process with the role api alone', () => {
  let app: TestLethe;
  beforeAll(async () => {
    app = await TestLethe.start({ environment: { LETHE_ROLES: 'api', LETHE_METRICS_TOKEN: 'metrics-token-0123456789' } });
  });
  afterAll(() => app?.stop());

  it('has no data plane', async () => {
    const tenant = await app.tenant();
    for (const path of ['/v1/models', '/v1/chat/completions']) {
      const answer = await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${tenant.key}` } });
      expect(answer.status).toBe(404);
    }
    expect(app.upstream.calls()).toEqual([]);
  });

  it('serves the admin API', async () => {
    expect((await app.api('GET', '/organisations')).status).toBe(200);
  });

  it('asks for LETHE_METRICS_TOKEN where it is set', async () => {
    const read = (authorization?: string) => fetch(`${app.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });
    expect((await read()).status).toBe(401);
    expect((await read('Bearer metrics-token-012345678')).status).toBe(401);
    expect((await read(`Bearer ${app.operatorToken}`)).status).toBe(401);
    const answer = await read('Bearer metrics-token-0123456789');
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('lethe_inflight_calls');
    // Configuration was read at the start: the age is not the -1 of never.
    expect(text).toMatch(/^lethe_snapshot_age_seconds \d/m);
  });
});
