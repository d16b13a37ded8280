import { afterAll, beforeAll, expect, it } from 'vitest';
import { CANARY, expectDiscreet, expectProblem, SECRET_CANARY, strangersAddress, Target } from '../harness/bad-input.js';
import { exampleOf, fillPath, type Got, type Operation, readSurface, send } from '../harness/surface.js';

// Who may do what on every route of the admin API, from the document it serves itself.
let target: Target;
let operations: Operation[];

beforeAll(async () => {
  target = await Target.start(0);
  operations = (await readSurface(target.cluster.adminAddress, '/api/')).filter((operation) => operation.takesBearer);
});

afterAll(() => target?.stop());

const name = (operation: Operation): string => `${operation.method} ${operation.path}`;
/** What a key of a customer can be given a scope for. Everything else is an operator's. */
const isUsage = ({ path }: Operation): boolean => path.startsWith('/api/v1/usage') || path.endsWith('/end-users/find');
const isForKeys = (operation: Operation): boolean => isUsage(operation) || operation.path === '/api/v1/me';

function ask(operation: Operation, token: string | undefined, headers: Record<string, string> = {}): Promise<Got> {
  const demanded = operation.queryParameters.filter(({ required }) => required === true);
  const query = Object.fromEntries(demanded.map((each) => [each.name, String(exampleOf(each.schema ?? {}, target.mine.ids))]));
  const url = `${target.cluster.adminAddress}${fillPath(operation, target.mine.ids)}?${new URLSearchParams(query).toString()}`;
  return send(url, {
    method: operation.method,
    token,
    headers: { ...strangersAddress(), ...headers },
    body: operation.body ? '{}' : undefined,
  });
}

/** Every route refuses with `status`, and nothing in the database changes. */
async function everyRouteRefuses(
  list: readonly Operation[],
  status: number,
  token: string | undefined,
  headers?: Record<string, string>,
): Promise<void> {
  expect(list.length).toBeGreaterThan(0);
  const before = await target.fingerprint();
  for (const operation of list) {
    const got = await ask(operation, token, headers);
    expectProblem(got, name(operation));
    expect(got.status, `${name(operation)}: ${got.text}`).toBe(status);
  }
  expect(await target.fingerprint()).toEqual(before);
}

it('the document names every route there is to guard', () => {
  expect(operations.length).toBeGreaterThan(35);
});

it('without a token every route is a 401 that says which scheme it wants', async () => {
  await everyRouteRefuses(operations, 401, undefined);
  for (const operation of operations)
    expect((await ask(operation, undefined)).headers['www-authenticate'], name(operation)).toMatch(/^Bearer/);
});

it.each([
  ['garbage', CANARY],
  ['an empty token', ''],
  ['an operator token nobody issued', `lethe_op_${CANARY.padEnd(49, 'x').replaceAll('-', 'x')}`],
  ['a key nobody issued', `lethe_sk_${'x'.repeat(49)}`],
  ['a token of 8,000 characters', 'x'.repeat(8_000)],
])('with %s every route is a 401', async (_what, token) => {
  await everyRouteRefuses(operations, 401, token);
});

it('another scheme and a token in the query are no credentials', async () => {
  await everyRouteRefuses(operations, 401, undefined, {
    authorization: `Basic ${Buffer.from(`x:${target.cluster.operatorToken}`).toString('base64')}`,
  });
  for (const operation of operations) {
    const url = `${target.cluster.adminAddress}${fillPath(operation, target.mine.ids)}?access_token=${target.cluster.operatorToken}`;
    const got = await send(url, { method: operation.method, headers: strangersAddress(), body: operation.body ? '{}' : undefined });
    expect(got.status, name(operation)).toBe(401);
    expect(got.text).not.toContain(target.cluster.operatorToken);
  }
});

it('a revoked key and an expired key are a 401', async () => {
  const { id, secret } = await target.keyWithId(target.mine, { scopes: ['usage:read'] });
  const expired = await target.key(target.mine, { scopes: ['usage:read'], expiresAt: new Date(Date.now() + 1_500).toISOString() });
  await target.cluster.ask('DELETE', `/organisations/${target.mine.ids.organisationId}/keys/${id}`);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await everyRouteRefuses(operations, 401, secret);
  await everyRouteRefuses(operations, 401, expired);
});

it('K4: a key without the scope is a 403, whichever organisation it is of', async () => {
  const others = operations.filter((operation) => !isForKeys(operation));
  for (const owner of [target.mine, target.theirs]) {
    await everyRouteRefuses(others, 403, await target.key(owner, { scopes: ['inference:invoke', 'usage:read'] }));
    await everyRouteRefuses(operations.filter(isUsage), 403, await target.key(owner, { scopes: ['inference:invoke'] }));
  }
});

it('A3: a key of another organisation cannot ask for mine, nor learn that it is there', async () => {
  const key = await target.key(target.theirs, { scopes: ['usage:read'] });
  for (const path of ['/usage/requests', '/usage/summary']) {
    const mine = await send(`${target.cluster.adminAddress}/api/v1${path}?organisationId=${target.mine.ids.organisationId}`, {
      method: 'GET',
      token: key,
    });
    const nobodys = await send(`${target.cluster.adminAddress}/api/v1${path}?organisationId=00000000-0000-7000-8000-000000000000`, {
      method: 'GET',
      token: key,
    });
    expect([mine.status, nobodys.status]).toEqual([404, 404]);
  }
});

it('K2: the operator reads every route, and no answer holds a secret', async () => {
  const reads = operations.filter((operation) => operation.method === 'GET');
  for (const operation of reads) {
    const got = await ask(operation, target.cluster.operatorToken);
    // Nobody has made one of these, or offered anything; and nothing has been signed where no worker runs.
    const isAbsent =
      operation.pathParameters.some((part) => !(part in target.mine.ids)) ||
      /\/(?:audit-log\/bundle|ownership-offer)$/.test(operation.path);
    // Of a call as old as an id of zeros says nothing is kept any more, whether there was one or not.
    const absent = operation.path.endsWith('/content') ? 410 : 404;
    expect(got.status, `${name(operation)}: ${got.text}`).toBe(isAbsent ? absent : 200);
    expectDiscreet(got, name(operation));
    for (const secret of [
      SECRET_CANARY,
      'sk-upstream-good',
      target.mine.tenant.key,
      target.theirs.tenant.key,
      target.cluster.operatorToken,
    ]) {
      expect(got.text, name(operation)).not.toContain(secret);
    }
    expect(got.text, name(operation)).not.toMatch(/lethe_(sk|op)_|ciphertext|wrapped|token_hash|secret_hash/);
  }
});

it('none of it is in the log', () => {
  const log = target.cluster.output.split('\n').filter((line) => line.startsWith('{'));
  expect(log.length).toBeGreaterThan(0);
  for (const secret of [CANARY, target.cluster.operatorToken, target.mine.tenant.key]) expect(log.join('\n')).not.toContain(secret);
});
