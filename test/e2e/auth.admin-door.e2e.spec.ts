import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { signUp } from '../harness/accounts.js';
import { TestLethe } from '../harness/app.js';
import { MovableClock } from '../harness/authenticator-app.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';
import { admin, recruit } from '../harness/staff.js';

const REFUSED = { status: 403, body: { code: 'auth/admin_network_refused' } };
const clock = new MovableClock();
let database: TestDatabase;
/** Three replicas on one database: without fences, with a list of networks, and with a listener for operators. */
let open: TestLethe;
let fenced: TestLethe;
let listening: TestLethe;

beforeAll(async () => {
  database = await createTestDatabase();
  open = await start({});
  fenced = await start({
    LETHE_ADMIN_NETWORKS: '10.1.0.0/16,2001:db8::/32',
    LETHE_TRUSTED_PROXIES: '127.0.0.0/8,192.168.7.0/24',
  });
  listening = await start({ LETHE_ADMIN_LISTEN: '127.0.0.1:0' });
});
afterAll(async () => {
  for (const test of [listening, fenced, open]) await test?.stop();
  await database?.drop();
});

function start(environment: Record<string, string>): Promise<TestLethe> {
  const shared: Record<string, string> = open === undefined ? {} : { LETHE_ROOT_KEY_FILE: `${open.directory}/root-key.json` };
  const upstream = open === undefined ? {} : { upstream: open.upstream };
  return TestLethe.start({ clock, databaseUrl: database.url, ...upstream, environment: { ...shared, ...environment } });
}

const from = (...hops: string[]) => ({ 'x-forwarded-for': hops.join(', ') });

async function counted(test: TestLethe, reason: string): Promise<number> {
  const text = await (await fetch(`${test.url}/metrics`)).text();
  return Number(new RegExp(`lethe_operator_refusals_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

describe('LETHE_ADMIN_NETWORKS', () => {
  it('A4: behind a trusted proxy it is the client that counts; what a client writes into X-Forwarded-For itself does not', async () => {
    const staff = (headers: Record<string, string>) => admin(fenced, { path: '/staff', headers });
    for (const hops of [['10.1.2.3'], ['203.0.113.9', '10.1.2.3'], ['10.1.2.3', '192.168.7.1'], ['2001:db8::7'], ['::ffff:10.1.2.3']]) {
      expect([hops, (await staff(from(...hops))).status]).toEqual([hops, 200]);
    }
    for (const hops of [
      ['203.0.113.9'],
      ['10.1.2.3', '203.0.113.9'],
      ['10.1.2.3', '203.0.113.9', '192.168.7.1'],
      ['10.2.0.1'],
      ['unknown'],
      ['2001:db9::7'],
    ]) {
      expect([hops, await staff(from(...hops))]).toMatchObject([hops, REFUSED]);
    }
    // Nobody in front: 127.0.0.1 is none of the networks.
    expect(await staff({})).toMatchObject(REFUSED);
    for (const name of ['x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip'])
      expect(await staff({ [name]: '10.1.2.3' })).toMatchObject(REFUSED);
  });

  it('A4: holds for the prefix before anyone is asked who they are, and for operators wherever they act; not for anybody else', async () => {
    expect(await admin(fenced, { path: '/staff', token: null, headers: from('203.0.113.9') })).toMatchObject(REFUSED);
    expect((await admin(fenced, { path: '/staff', token: null, headers: from('10.1.2.3') })).status).toBe(401);
    expect(await fenced.api('GET', '/organisations')).toMatchObject(REFUSED);
    for (const path of ['/admin/v1/staff/', '//admin/v1/staff', '/%61dmin/v1/staff', '/ADMIN/v1/staff', '/x/../admin/v1/staff']) {
      const answer = await fetch(`${fenced.url}${path}`, { headers: { authorization: `Bearer ${fenced.operatorToken}` } });
      expect([path, [403, 404].includes(answer.status)]).toEqual([path, true]);
    }
    // A session that went on duty from inside, and comes from outside.
    const sam = await recruit(open, clock, 'support');
    expect((await sam.beginDuty()).status).toBe(200);
    const outside = sam.elsewhere(fenced.url);
    expect(await outside.get('/organisations')).toMatchObject(REFUSED);
    expect(await outside.send('GET', '/admin/v1/duty')).toMatchObject(REFUSED);
    // Everyone else goes on.
    const tenant = await fenced.tenant();
    expect((await fenced.api('GET', '/usage/requests', undefined, tenant.key)).status).toBe(200);
    expect((await fenced.chat(tenant, { model: 'any', messages: [{ role: 'user', content: 'hi' }] })).status).toBe(200);
    expect((await (await signUp(fenced.lethe)).browser.get('/me')).status).toBe(200);
  });

  it('A4: who is refused is counted every time and written down once a minute, with how often it was', async () => {
    clock.advance(60_000);
    const rows = (): Promise<{ id: string; actor_kind: string; target_type: string; detail: { count: number } }[]> =>
      open.rows(`SELECT id, actor_kind, target_type, detail FROM audit_event WHERE action = 'operator.refused' ORDER BY id`);
    const [earlier, before] = [(await rows()).length, await counted(fenced, 'network')];
    for (let n = 0; n < 30; n += 1) {
      await fenced.api('GET', '/organisations');
      await admin(fenced, { path: '/staff', token: 'guessed' });
    }
    const written = (await rows()).slice(earlier);
    expect(written).toMatchObject([
      { actor_kind: 'operator', target_type: 'operator', detail: { reason: 'network' } },
      { actor_kind: 'system', target_type: 'listener', detail: { reason: 'network' } },
    ]);
    expect(await counted(fenced, 'network')).toBe(before + 60);
    clock.advance(60_000);
    await fenced.api('GET', '/organisations');
    expect((await rows()).at(-1)?.detail).toEqual({ reason: 'network', count: 30 });
    expect(JSON.stringify(await open.rows('SELECT to_jsonb(e) AS row FROM audit_event e'))).not.toContain('127.0.0.1');
  });
});

describe('LETHE_ADMIN_LISTEN', () => {
  it('A4: serves operators and nothing else, and the public listener serves everyone but them', async () => {
    const test = listening;
    const url = test.lethe.adminUrl ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const tenant = await test.tenant();
    // Operators: here and not there.
    expect((await admin(test, { path: '/staff', url })).status).toBe(200);
    expect(await admin(test, { path: '/staff' })).toMatchObject({ status: 404, body: { code: 'lethe/not_found' } });
    expect(await admin(test, { path: '/staff', token: null })).toMatchObject({ status: 404 });
    expect(await test.api('GET', '/organisations')).toMatchObject({ status: 403, body: { code: 'auth/admin_listener_only' } });
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect((await fetch(`${url}/api/v1/organisations`, bearer(test.operatorToken))).status).toBe(200);
    // Everyone else: there and not here.
    expect((await test.api('GET', '/usage/requests', undefined, tenant.key)).status).toBe(200);
    const byKey = await fetch(`${url}/api/v1/usage/requests`, bearer(tenant.key));
    expect([byKey.status, ((await byKey.json()) as { code: string }).code]).toEqual([403, 'auth/operators_only']);
    const body = JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'hi' }] });
    const chat = { method: 'POST', body, headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' } };
    expect((await fetch(`${test.url}/v1/chat/completions`, chat)).status).toBe(200);
    expect((await fetch(`${url}/v1/chat/completions`, chat)).status).toBe(404);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await counted(test, 'listener')).toBe(1);
    // Nothing a client sends makes the public listener the other one.
    const claimed = { host: new URL(url).host, 'x-forwarded-host': new URL(url).host, 'x-forwarded-port': new URL(url).port };
    expect((await admin(test, { path: '/staff', headers: claimed })).status).toBe(404);
  });

  it('A4: staff sign in and go on duty there; a session on duty is nobody on the public listener', async () => {
    const test = listening;
    const url = test.lethe.adminUrl ?? '';
    const sam = await recruit(open, clock, 'administrator');
    const inside = sam.elsewhere(url);
    expect((await inside.get('/me')).body).toMatchObject({ kind: 'account' });
    expect(await inside.get('/organisations')).toMatchObject({ status: 403, body: { code: 'auth/operators_only' } });
    expect((await inside.send('POST', '/admin/v1/duty')).status).toBe(200);
    expect((await inside.get('/organisations')).status).toBe(200);
    expect(await sam.elsewhere(test.url).get('/organisations')).toMatchObject({ status: 403, body: { code: 'auth/admin_listener_only' } });
    // Their own account stays theirs on both.
    expect((await sam.elsewhere(test.url).get('/account/second-factors')).status).toBe(200);
  });

  it('A4: a process does not start on an address that is taken, and leaves nothing running', async () => {
    const { host } = new URL(listening.lethe.adminUrl ?? '');
    await expect(start({ LETHE_ADMIN_LISTEN: host })).rejects.toMatchObject({ code: 'start/admin_address_not_usable' });
    await expect(start({ LETHE_ADMIN_LISTEN: 'nonsense' })).rejects.toMatchObject({ code: 'config/invalid_setting' });
    await expect(start({ LETHE_ADMIN_NETWORKS: '10.0.0.0/99' })).rejects.toMatchObject({ code: 'config/invalid_setting' });
  });

  it('S1: answers broken bytes as the public one does, and stops with the rest, once what is in flight has its answer', async () => {
    const url = new URL(listening.lethe.adminUrl ?? '');
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (piece) => (text += piece.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toContain('http/malformed_request');
    let inFlight: Promise<unknown> = Promise.resolve();
    let stopping: Promise<unknown> = Promise.resolve();
    await open.lethe.get(UnitOfWork).asSystem(async (tx) => {
      await tx.query('LOCK TABLE operator IN ACCESS EXCLUSIVE MODE');
      inFlight = admin(listening, { path: '/staff', url: url.origin });
      await setTimeout(200);
      stopping = listening.lethe.stop();
      await setTimeout(300);
    });
    expect(await inFlight).toMatchObject({ status: 200 });
    await stopping;
    await expect(fetch(url)).rejects.toThrow();
  });
});
