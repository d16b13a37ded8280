import { join } from 'node:path';
import { validate, version } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EndUserKey } from '../../src/modules/usage/core/end-user-key.js';
import { rotateLocalRootKey } from '../../src/platform/kms/root-key-file.js';
import { TestLethe, type TestTenant } from '../harness/app.js';

interface EndUser {
  readonly id: string;
  readonly calls: number;
  readonly firstCallAt: string | null;
  readonly lastCallAt: string | null;
}

/** Ways an organisation names people: an address, a number, and what needs escapes. */
const ANN = 'ann.smith+9f3b7a@customers.example';

let app: TestLethe;
let mine: TestTenant;
let theirs: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start();
  [mine, theirs] = [await app.tenant(), await app.tenant()];
});

afterAll(() => app?.stop());

const body = (more: object = {}) => ({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello.' }], ...more });

async function call(tenant: TestTenant, more: object = {}): Promise<void> {
  const answer = await app.chat(tenant, body(more));
  expect(answer.status, await answer.text()).toBe(200);
}

async function find(tenant: TestTenant, name: string, token?: string): Promise<EndUser> {
  const answer = await app.api<EndUser>('POST', `/organisations/${tenant.organisationId}/end-users/find`, { name }, token);
  expect(answer.status).toBe(200);
  return answer.body;
}

describe("an organisation's own end users", () => {
  it('are found by the name their calls gave them, streamed or not, and by nobody who does not know it', async () => {
    await call(mine, { user: ANN });
    const answer = await app.openai(mine).chat.completions.create({ ...body({ user: ANN }), stream: true } as never);
    for await (const _chunk of answer as unknown as AsyncIterable<unknown>);
    await call(mine, { safety_identifier: ANN });
    await call(mine, { user: 'ben' });
    await call(mine);
    await app.records(mine, 5);

    const ann = await find(mine, ANN);
    expect(ann).toMatchObject({ calls: 3, firstCallAt: expect.any(String), lastCallAt: expect.any(String) });
    expect(validate(ann.id) && version(ann.id)).toBe(8);
    const list = await app.api<{ data: { endUserId: string | null }[] }>(
      'GET',
      `/usage/requests?organisationId=${mine.organisationId}&endUserId=${ann.id}`,
    );
    expect(list.body.data.map(({ endUserId }) => endUserId)).toEqual([ann.id, ann.id, ann.id]);
    const all = await app.api<{ data: { endUserId: string | null }[] }>('GET', `/usage/requests?organisationId=${mine.organisationId}`);
    expect(all.body.data.map(({ endUserId }) => endUserId)).toEqual([null, (await find(mine, 'ben')).id, ann.id, ann.id, ann.id]);
    expect(await find(mine, ANN.toUpperCase())).toMatchObject({ calls: 0, firstCallAt: null, lastCallAt: null });
  });

  it('are others in another organisation, which finds nothing of these', async () => {
    const [here, there] = [await find(mine, ANN), await find(theirs, ANN)];
    expect(there.id).not.toBe(here.id);
    expect(there.calls).toBe(0);
    const foreign = await app.api('POST', `/organisations/${mine.organisationId}/end-users/find`, { name: ANN }, theirs.key);
    expect(foreign.status).toBe(404);
    expect((await find(mine, ANN, mine.key)).calls).toBe(3);
  });

  it('leave no name behind: not in the ledger, nor in any other table', async () => {
    const tables = await app.rows<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const found = await app.rows(`SELECT 1 FROM ${name} t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [ANN]);
      expect(found, name).toEqual([]);
    }
  });

  it('are the same people after the root key was rotated (K3)', async () => {
    const before = await find(mine, ANN);
    const key = app.lethe.get(EndUserKey);
    expect(await key.rewrap()).toBe(false);
    const rootKey = await rotateLocalRootKey(join(app.directory, 'root-key.json'));
    expect(await key.rewrap()).toBe(true);
    expect(await app.rows('SELECT kms_key_id AS id FROM end_user_key')).toEqual([{ id: rootKey }]);
    expect(await key.inspect()).toBe('opens');
    expect(await find(mine, ANN)).toEqual(before);
  });

  it('are the same people on every replica', async () => {
    const replica = await TestLethe.start({
      databaseUrl: app.databaseUrl,
      environment: { LETHE_ROOT_KEY_FILE: join(app.directory, 'root-key.json') },
    });
    try {
      const answer = await replica.api<EndUser>('POST', `/organisations/${mine.organisationId}/end-users/find`, { name: ANN });
      expect(answer.body).toEqual(await find(mine, ANN));
    } finally {
      await replica.stop();
    }
  });

  it.each([
    ['no name', {}, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name that is no text', { name: 7 }, 'name'],
    ['more than a call can carry', { name: 'x'.repeat(513) }, 'name'],
    ['something that is not asked for', { name: 'ann', erase: true }, 'erase'],
  ])('%s is refused, and the field is named', async (_what, asked, field) => {
    const answer = await app.api('POST', `/organisations/${mine.organisationId}/end-users/find`, asked);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(field);
  });

  it('a call that names somebody waits for the key of the hash, and one that names nobody does not', async () => {
    const key = app.lethe.get(EndUserKey);
    key.onModuleDestroy();
    const refused = await app.chat(mine, body({ user: ANN }));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ error: { code: 'service_unavailable', message: expect.stringContaining('end user') } });
    await call(mine);
  });
});
