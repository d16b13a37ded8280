import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredTables, locatorsOf, type Locator } from '../../src/contracts/data-inventory.js';
import { present } from '../../src/kernel/assert.js';
import { TestLethe, type TestTenant } from '../harness/app.js';

const CONTENT = ['call_failed_input', 'call_granted_content', 'call_payload'];
const LONG = 'a long story, '.repeat(2_000);

let app: TestLethe;
let blobs: string;
let tenant: TestTenant;

beforeAll(async () => {
  blobs = mkdtempSync(join(tmpdir(), 'lethe-end-users-'));
  app = await TestLethe.start({
    environment: { LETHE_PROFILE: 'enterprise', LETHE_BLOB_DIR: blobs, LETHE_CONTENT_BLOB_BYTES: '20000' },
  });
  tenant = await app.tenant();
});
afterAll(async () => {
  await app?.stop();
  if (blobs) rmSync(blobs, { recursive: true, force: true });
});

/** One call that succeeds, one that fails and a long one. */
async function callsFor(user: string): Promise<void> {
  for (const [model, content] of [
    ['scenario:echo', 'short'],
    ['scenario:status,status=400', 'short'],
    ['scenario:echo', LONG],
  ]) {
    await (await app.chat(tenant, { model, user, messages: [{ role: 'user', content }] })).text();
  }
}

const setting = (change: object) => app.api('PATCH', `/organisations/${tenant.organisationId}/content-setting`, change);
const endUser = async (name: string) =>
  (await app.api<{ id: string }>('POST', `/organisations/${tenant.organisationId}/end-users/find`, { name })).body.id;

/** Ways to end users as they are declared, by table. */
function waysToEndUsers(): ReadonlyMap<string, Locator> {
  const ways = declaredTables().flatMap((each) =>
    locatorsOf(each).flatMap((way) => ((way.subject ?? each.subject) === 'end_user' ? [[each.table, way] as const] : [])),
  );
  return new Map(ways);
}

/** The condition that finds an end user's rows of a table, made of the declarations alone. */
function condition({ column, via, by }: Locator): string {
  if (via === undefined) {
    expect(by).toBe('name_hash');
    return `${column} = $1`;
  }
  return `${column} IN (SELECT id FROM ${via} WHERE ${condition(present(waysToEndUsers().get(via), `the way of ${via}`))})`;
}

async function rowsOf(table: string, id: string): Promise<string[]> {
  const call = table === 'call_record' ? 'id' : 'call_id';
  const way = present(waysToEndUsers().get(table), table);
  return (await app.rows<{ call: string }>(`SELECT ${call} AS call FROM ${table} WHERE ${condition(way)}`, [id]))
    .map((row) => row.call)
    .sort();
}

describe("G2: of one of an organisation's end users", () => {
  it('the inventory finds the records of calls and all content that is kept of them, and nothing of anybody else', async () => {
    for (const user of ['ann', 'ben']) await callsFor(user);
    await setting({ payloads: false, failedInputs: false });
    const grant = { scope: 'organisation', scopeId: tenant.organisationId, reason: 'wrong_answers', hours: 1 };
    expect((await app.api('POST', `/organisations/${tenant.organisationId}/troubleshooting-grants`, grant)).status).toBe(201);
    await app.settled();
    for (const user of ['ann', 'ben']) await callsFor(user);
    const records = await app.records(tenant, 12);
    const count = async (table: string) => (await app.rows(`SELECT FROM ${table}`)).length;
    await expect.poll(() => Promise.all(CONTENT.map(count))).toEqual([2, 6, 4]);

    expect([...waysToEndUsers().keys()]).toEqual([...CONTENT, 'call_intent', 'call_record'].sort());
    const ann = await endUser('ann');
    const hers = await rowsOf('call_record', ann);
    expect(hers).toHaveLength(6);
    const found = await Promise.all(CONTENT.map((table) => rowsOf(table, ann)));
    expect(found.map((calls) => calls.length)).toEqual([1, 3, 2]);
    expect(found.flat().sort()).toEqual(hers);
    const objects = readdirSync(blobs, { recursive: true }).map(String);
    const large = objects.filter((name) => hers.some((call) => name.endsWith(`.${call}`)));
    expect([large.length, objects.filter((name) => records.some(({ id }) => name.endsWith(`.${id}`))).length]).toEqual([2, 4]);
  });

  it('nothing is found of somebody no call was made for', async () => {
    const id = await endUser('cleo');
    expect(
      await Promise.all([...waysToEndUsers().keys()].filter((table) => table !== 'call_intent').map((table) => rowsOf(table, id))),
    ).toEqual([[], [], [], []]);
  });
});
