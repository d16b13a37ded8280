import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { until } from '../harness/cluster.js';
import { keyOf, refusalOf, verifier } from '../harness/verifier.js';

vi.setConfig({ testTimeout: 60_000 });

let app: TestLethe;
let mine: TestTenant;
let theirs: TestTenant;

beforeAll(async () => {
  app = await TestLethe.start({ environment: { LETHE_ROLES: 'api,gateway,worker', LETHE_AUDIT_CHECKPOINT_SECONDS: '1' } });
  mine = await app.tenant();
  theirs = await app.tenant();
  const events = await count('SELECT count(*)::int AS count FROM audit_event');
  await until('everything is signed', 40_000, async () => events <= (await count('SELECT max(size)::int AS count FROM audit_checkpoint')));
}, 90_000);

afterAll(() => app.stop());

async function count(sql: string): Promise<number> {
  return (await app.rows<{ count: number }>(sql))[0]?.count ?? -1;
}

/** As anybody asks who has no token. */
async function ask(path: string, token?: string): Promise<{ status: number; type: string; text: string }> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${app.url}/api/v1${path}`, { headers });
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

async function note(): Promise<string> {
  return (await ask('/audit-log/checkpoint')).text;
}

async function verifierKey(): Promise<string> {
  const { keys } = JSON.parse((await ask('/audit-log/keys')).text) as { keys: { verifierKey: string }[] };
  return keys[0]?.verifierKey ?? '';
}

describe('the transparency log', () => {
  it('O6: gives anybody its checkpoint and key, without a token', async () => {
    const got = await ask('/audit-log/checkpoint');
    expect(got).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
    const head = verifier.readCheckpoint(got.text, [keyOf(await verifierKey())], { alone: true, what: 'checkpoint' });
    expect((await ask(`/audit-log/checkpoint?size=${head.size}`)).text).toBe(got.text);
    expect((await ask(`/audit-log/checkpoint?size=${head.size + 1}`)).text).toContain('audit/unknown_checkpoint');
  });

  it('O6: gives anybody inclusion and consistency proofs that hold, by index and by hash, and no event', async () => {
    const head = verifier.readCheckpoint(await note(), [keyOf(await verifierKey())], { alone: true, what: 'checkpoint' });
    const get = async <T>(path: string) => {
      const { status, text } = await ask(path);
      expect(status, text).toBe(200);
      return JSON.parse(text) as T & { proof: string[] };
    };
    const bytes = (hashes: readonly string[]) => hashes.map((hash) => Buffer.from(hash, 'base64'));
    for (let index = 0; index < head.size; index += 3) {
      const found = await get<{ leafHash: string; leafIndex: number; treeSize: number }>(`/audit-log/inclusion-proof?leafIndex=${index}`);
      const [leaf] = bytes([found.leafHash]);
      expect(verifier.rootFromInclusion(index, found.treeSize, leaf as Buffer, bytes(found.proof))).toEqual(head.root);
      expect(Object.keys(found).toSorted()).toEqual(['leafHash', 'leafIndex', 'proof', 'treeSize']);
      expect(await get(`/audit-log/inclusion-proof?leafHash=${encodeURIComponent(found.leafHash)}`)).toEqual(found);
    }
    const { proof } = await get(`/audit-log/consistency-proof?from=1`);
    const first = bytes([(await get<{ leafHash: string }>('/audit-log/inclusion-proof?leafIndex=0')).leafHash]);
    expect(verifier.isConsistent(1, head.size, first[0] as Buffer, head.root, bytes(proof))).toBe(true);
  });

  it('names the field that is wrong', async () => {
    for (const [path, field] of [
      ['/audit-log/checkpoint?size=0', 'size'],
      ['/audit-log/checkpoint?size=1e3', 'size'],
      ['/audit-log/inclusion-proof', 'leafIndex'],
      ['/audit-log/inclusion-proof?leafHash=abc', 'leafHash'],
      ['/audit-log/inclusion-proof?leafIndex=-1', 'leafIndex'],
      ['/audit-log/inclusion-proof?leafIndex=0&size=99999999', 'size'],
      ['/audit-log/consistency-proof', 'from'],
      ['/audit-log/consistency-proof?from=99999999', 'from'],
      ['/audit-log/consistency-proof?from=1&colour=red', 'colour'],
    ] as const) {
      const { status, text } = await ask(path);
      expect([status, text], path).toEqual([400, expect.stringContaining(`"${field}"`)]);
    }
    expect((await ask(`/audit-log/inclusion-proof?leafIndex=99999999`)).status).toBe(404);
    expect((await ask(`/audit-log/inclusion-proof?leafHash=${encodeURIComponent(Buffer.alloc(32).toString('base64'))}`)).status).toBe(404);
  });

  it('O6: an operator exports an organisation and the installation as bundles that verify, with the bytes the format asks for', async () => {
    const key = await verifierKey();
    for (const path of ['/audit-log/bundle', `/organisations/${mine.organisationId}/audit-log/bundle`]) {
      const got = await ask(path, app.operatorToken);
      expect(got).toMatchObject({ status: 200, type: expect.stringContaining('application/json') });
      expect(refusalOf(got.text, key)).toBeNull();
    }
    const { text } = await ask(`/organisations/${mine.organisationId}/audit-log/bundle?from=2&limit=1`, app.operatorToken);
    expect(text).toContain(mine.organisationId);
    expect(text).not.toContain(theirs.organisationId);
    expect((JSON.parse(text) as { entries: { event: { number: number } }[] }).entries.map(({ event }) => event.number)).toEqual([2]);
  });

  it('A3: nobody exports without a token, a service key never, and nothing of another organisation is told', async () => {
    const path = `/organisations/${mine.organisationId}/audit-log/bundle`;
    expect((await ask(path)).status).toBe(401);
    expect((await ask('/audit-log/bundle')).status).toBe(401);
    expect((await ask(path, mine.key)).status).toBe(403);
    expect((await ask('/audit-log/bundle', theirs.key)).status).toBe(403);
  });

  it('peers 34: neither a bundle nor a proof holds a name, a secret or an address', async () => {
    const { text } = await ask('/audit-log/bundle', app.operatorToken);
    expect(text).not.toMatch(/lethe_(sk|op)_|sk-upstream|@|127\.0\.0\.1/);
  });

  it('O6: shows in the metrics how far it is', async () => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    const size = Number((await note()).split('\n')[1]);
    expect(metrics).toContain(`lethe_audit_log_size ${size}`);
    expect(metrics).toContain(`lethe_audit_checkpoint_size ${size}`);
  });

  it('public routes are limited by address', async () => {
    const answers: number[] = [];
    for (let times = 0; times < 130; times += 1) answers.push((await ask('/audit-log/keys')).status);
    expect(answers.slice(0, 100)).toEqual(Array(100).fill(200));
    // A few more are let in while they are asked: some every second.
    expect(answers.slice(100)).toContain(429);
  });
});

it('O6: the verifier needs nothing but Node: it imports no package and no file', () => {
  const { stdout } = spawnSync('grep', ['-nE', String.raw`^import|import\(|require\(`, 'verify/lethe-verify.mjs'], { encoding: 'utf8' });
  const imports = stdout.trim().split('\n');
  expect(imports.length).toBeGreaterThan(0);
  for (const line of imports) expect(line).toMatch(/from 'node:(crypto|fs|url)';$/);
});
