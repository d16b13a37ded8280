import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp } from '../harness/accounts.js';
import { type Attempt, IsolationWalk } from '../harness/isolation.js';
import type { Operation } from '../harness/surface.js';

// A3 by the routes: what a person, a key and a stranger with every right in their own organisation can get of another's. Once as it is, and once with the
// database's policies switched off, when the application alone has to refuse.
let walk: IsolationWalk;

beforeAll(async () => {
  walk = await IsolationWalk.start();
});

afterAll(() => walk?.stop());

/**
 * Operations that name no organisation and no thing of one, by what keeps them apart. One that is missing here fails the walk: say what keeps tenants apart on
 * it before it ships.
 */
const APART: readonly {
  readonly pattern: RegExp;
  readonly because: 'open' | 'own account' | 'own organisations' | 'operators only' | 'secret in hand' | 'gateway';
}[] = [
  { pattern: /^GET \/(?:health\/|metrics$|openapi\.json$)/, because: 'open' },
  { pattern: /^GET \/api\/v1\/audit-log\/(?:checkpoint|inclusion-proof|consistency-proof|keys)$/, because: 'open' },
  {
    pattern: /^\w+ \/api\/v1\/(?:unsubscribe|links)\/\{token\}$|^POST \/api\/v1\/(?:invitations\/accept|mail-events\/sendgrid)$/,
    because: 'secret in hand',
  },
  { pattern: /^\w+ \/scim\/v2\//, because: 'secret in hand' },
  { pattern: /^(?:POST|GET) \/v1\//, because: 'gateway' },
  { pattern: /^\w+ \/admin\//, because: 'operators only' },
  { pattern: /^\w+ \/api\/v1\/(?:price-overrides|retention\/(?:receipts|preview)$)/, because: 'operators only' },
  { pattern: /^GET \/api\/v1\/(?:me|audit-events|audit-log\/bundle|usage\/.*)$/, because: 'own organisations' },
  { pattern: /^(?:GET|POST) \/api\/v1\/organisations$/, because: 'own organisations' },
  { pattern: /^\w+ \/api\/v1\/(?:account|sessions|sign-in|sign-up|sign-out|session)\b/, because: 'own account' },
];

const name = ({ method, path }: Operation): string => `${method} ${path}`;

/** Everything that tells the victim's things: none of it may be in an answer to the thief. */
const tells = (text: string, besides: string): string[] =>
  Object.entries(walk.victim.things)
    .filter(([, value]) => value.length > 30 && text.includes(value) && !besides.includes(value))
    .map(([thing]) => thing);

async function everyRouteRefuses(): Promise<void> {
  const before = await walk.fingerprint(walk.victim);
  const { browser } = walk.thief.owner;
  let tried = 0;
  // The data plane takes keys only, and its own tests try foreign ones. Through a provider anyone may try to sign in, or to link an identity: who they are is for it to say.
  for (const operation of walk.operations.filter(({ path }) => !/^\/v1\/|\/sign-in\/|\/account\/identities$/.test(path))) {
    for (const attempt of walk.attempts(operation)) {
      const { status, body } = await send(attempt);
      tried += 1;
      expect([name(operation), attempt.path, status, body], 'a refusal').toEqual([
        name(operation),
        attempt.path,
        attempt.isDirect ? 404 : expect.toSatisfy((seen) => seen >= 400 && seen < 500 && seen !== 401),
        expect.anything(),
      ]);
      expect([attempt.path, tells(JSON.stringify(body), JSON.stringify([attempt.path, attempt.body]))]).toEqual([attempt.path, []]);
    }
  }
  expect(tried).toBeGreaterThan(30);
  expect(await walk.fingerprint(walk.victim)).toEqual(before);

  async function send({ operation, path, body }: Attempt): Promise<{ status: number; body: unknown }> {
    return browser.send(operation.method, path, body);
  }
}

/** Lists, as the thief and as a stranger, hold nothing of the victim's. */
async function everyListIsOwn(): Promise<void> {
  const stranger = await signUp(walk.app.lethe);
  const lists = walk.operations.filter((operation) => operation.method === 'GET' && operation.pathParameters.length === 0);
  for (const operation of lists) {
    for (const { browser } of [walk.thief.owner, stranger]) {
      const { body } = await browser.send('GET', operation.path);
      expect([operation.path, tells(JSON.stringify(body), '')]).toEqual([operation.path, []]);
    }
    const byKey = await fetch(`${walk.app.url}${operation.path}`, { headers: { authorization: `Bearer ${walk.thief.key}` } });
    expect([operation.path, tells(await byKey.text(), '')]).toEqual([operation.path, []]);
  }
}

it('A3: every operation names an organisation, or it is said here what keeps tenants apart', () => {
  const unsaid = walk.operations.filter(
    (operation) => !operation.pathParameters.includes('organisationId') && !APART.some(({ pattern }) => pattern.test(name(operation))),
  );
  expect(unsaid.map(name)).toEqual([]);
});

it('A3: the victim has one of everything that an address can name', () => {
  const named = new Set(
    walk.operations
      .filter((operation) => operation.path.startsWith('/api/v1/organisations/'))
      .flatMap((operation) => operation.pathParameters),
  );
  expect(
    [...named].filter((parameter) => !(parameter in walk.victim.things)),
    'test/harness/isolation.ts makes none of these',
  ).toEqual([]);
});

describe('A3: as it is', () => {
  it('no route gives or changes what is another organisation’s', everyRouteRefuses);
  it('no list shows what is another organisation’s', everyListIsOwn);
});

describe('A3: with row-level security switched off', () => {
  beforeAll(() => walk.dropRowLevelSecurity());
  it('no route gives or changes what is another organisation’s', everyRouteRefuses);
  it('no list shows what is another organisation’s', everyListIsOwn);
});
