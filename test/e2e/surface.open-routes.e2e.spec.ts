import { ModulesContainer } from '@nestjs/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeclaredRoute, declaredRoutes } from '../../src/platform/http/routes.js';
import { TestLethe } from '../harness/app.js';
import { RawConnection } from '../harness/raw-http.js';
import { type Got, type Operation, readSurface, send } from '../harness/surface.js';

// What anybody may call, without a key, a token or a session: how often, and with which headers every answer leaves.

/** Open and not limited, each for a reason. */
const UNLIMITED: Readonly<Record<string, string>> = {
  'GET /health/live': 'a probe that reads nothing; an orchestrator that is refused restarts the process',
  'GET /health/ready': 'the same',
  'GET /metrics': 'answers the holder of the token alone, or this machine (metrics-access.ts)',
};
/** The largest allowance of a route. */
const MOST_PER_MINUTE = 600;
const AT_ONCE = 40;
const ANY_ID = '00000000-0000-7000-8000-000000000000';

let test: TestLethe;
let open: DeclaredRoute[];
let operations: Operation[];
let address = 0;

beforeAll(async () => {
  test = await TestLethe.start({ environment: { LETHE_TRUSTED_PROXIES: '127.0.0.0/8' } });
  // SCIM's routes are public to the guard of people and keys alone: they ask for a directory's token (scim-route.ts).
  open = declaredRoutes(test.lethe.get(ModulesContainer)).filter(
    ({ access, path }) => access?.kind === 'public' && !path.startsWith('/scim/'),
  );
  operations = await readSurface(test.url, '/');
});

afterAll(() => test?.stop());

function newAddress(): string {
  address += 1;
  return `10.${address >> 8}.${address & 255}.7`;
}

function ask(method: string, path: string, from = newAddress()): Promise<Got> {
  const url = test.url + path.replace(/[:{]\w+\}?/g, ANY_ID);
  return send(url, { method, headers: { 'x-forwarded-for': from } });
}

/** Asks until it is refused for asking too often. Undefined: it never was. */
async function exhaust({ method, path }: DeclaredRoute): Promise<Got | undefined> {
  const from = newAddress();
  for (let sent = 0; sent <= MOST_PER_MINUTE * 2; sent += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => ask(method, path, from)));
    const refused = answers.find(({ status }) => status === 429);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

it('S1, A7: every route that nobody has to sign in for answers 429 with Retry-After to an address that asks too often', {
  timeout: 60_000,
}, async () => {
  const faults: string[] = [];
  for (const route of open) {
    const name = `${route.method} ${route.path}`;
    if (name in UNLIMITED) continue;
    const refused = await exhaust(route);
    if (refused === undefined) faults.push(`${name} is never refused`);
    else if (!/^[1-9]\d*$/.test(String(refused.headers['retry-after']))) faults.push(`${name} does not say when to come back`);
    // A neighbour is not refused for it.
    else if ((await ask(route.method, route.path)).status === 429) faults.push(`${name} refuses everybody`);
  }
  expect(open.length).toBeGreaterThan(25);
  expect(faults).toEqual([]);
});

it('S1: what the document calls open is open, and the other way round', () => {
  const documented = operations.filter(({ isSecured }) => !isSecured).map(({ method, path }) => `${method} ${path}`);
  const declared = open.filter(({ path }) => path !== '/metrics').map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(documented.sort()).toEqual(declared.sort());
});

it('S1: every answer carries the security headers, refusals and strays as well', async () => {
  const strays = [
    '/',
    '/nowhere',
    '/api/v1/nowhere',
    '/api/v1/%ff',
    '/api/v1/organisations/%00',
    '/docs',
    '/openapi.json',
    '/metrics',
    '/docs/nowhere.js',
  ];
  const requests = [...operations.map(({ method, path }) => ({ method, path })), ...strays.map((path) => ({ method: 'GET', path }))];
  const bare: string[] = [];
  for (const { method, path } of requests) {
    const { status, headers } = await ask(method, path);
    const isProgrammatic = path.startsWith('/v1/');
    const missing = isProgrammatic
      ? []
      : ['content-security-policy', 'x-frame-options', 'referrer-policy'].filter((name) => !(name in headers));
    if (headers['x-content-type-options'] !== 'nosniff') missing.push('x-content-type-options');
    if (headers['x-powered-by'] !== undefined || headers['server'] !== undefined) missing.push('silence about what it is made of');
    if (missing.length > 0) bare.push(`${method} ${path} (${status}) lacks ${missing.join(', ')}`);
  }
  expect(bare).toEqual([]);
});

it('S1: so does the answer to bytes that are no HTTP', async () => {
  const connection = await RawConnection.open(test.url);
  connection.send('NONSENSE\r\n\r\n');
  const { status, headers } = await connection.answer();
  expect(status).toBe(400);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  connection.close();
});
