import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser, signIn } from '../harness/accounts.js';
import { type FuzzedRequest, requestsTo } from '../harness/fuzz.js';
import { IsolationWalk } from '../harness/isolation.js';
import type { Operation } from '../harness/surface.js';

// Every operation of the admin API under requests made up from its own document. `npm run torture -- surface` sends 500 to each.
const CASES = Number(process.env['LETHE_FUZZ_CASES'] ?? '6');
const SEED = Number(process.env['LETHE_FUZZ_SEED'] ?? '1');
/** What is refused because something outside does not answer: the one kind of 5xx a request may lead to. */
const OUTSIDE = new Set(['federation/provider_unavailable']);

let walk: IsolationWalk;
let browser: Browser;
let address = 0;

beforeAll(async () => {
  walk = await IsolationWalk.start({ LETHE_TRUSTED_PROXIES: '127.0.0.0/8' });
  browser = await ownersBrowser();
});

afterAll(() => walk?.stop());

async function ownersBrowser(): Promise<Browser> {
  return signIn(walk.app.lethe, walk.victim.owner.accountId, { method: 'email_link', secondFactorDone: true });
}

/** Limits count by address: each request has one of its own. */
function freshAddress(): Record<string, string> {
  address += 1;
  return { 'x-forwarded-for': `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}` };
}

interface Answered {
  readonly caller: string;
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function ask(
  operation: Operation,
  { path, query, body }: FuzzedRequest,
  caller: 'owner' | 'operator' | 'key' | 'nobody',
): Promise<Answered> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const credentials: Readonly<Record<typeof caller, Record<string, string>>> = {
    owner: { cookie, origin: walk.app.url, 'x-csrf-token': browser.csrfToken ?? '' },
    operator: { authorization: `Bearer ${walk.app.operatorToken}` },
    key: { authorization: `Bearer ${walk.victim.key}` },
    nobody: {},
  };
  const answer = await fetch(`${walk.app.url}${path}?${new URLSearchParams(query).toString()}`, {
    method: operation.method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...freshAddress(), ...credentials[caller] },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { caller, status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

/** 431 before anybody is asked who they are: headers that are too large are read by nobody. */
const REFUSES_STRANGERS = [400, 401, 404, 431];

/** What is wrong with an answer; undefined when nothing is. */
function faultOf(operation: Operation, { caller, status, type, text }: Answered): string | undefined {
  const what = `${operation.method} ${operation.path} as ${caller}: ${status} ${text.slice(0, 300)}`;
  if (status >= 500 && !OUTSIDE.has((JSON.parse(text) as { code?: string }).code ?? '')) return `fails: ${what}`;
  if (status >= 400 && !/^application\/(?:problem|scim)\+json/.test(type)) return `answers ${type}: ${what}`;
  if (status >= 400 && /\n\s+at |node_modules|\.[jt]s:\d+|QueryFailed|typeorm|syntax error/.test(text)) return `tells: ${what}`;
  if (caller === 'nobody' && operation.isSecured && !REFUSES_STRANGERS.includes(status)) return `lets in: ${what}`;
  return undefined;
}

/** What only reads comes first, what deletes last. */
const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const CALLERS = ['owner', 'owner', 'owner', 'operator', 'key', 'nobody'] as const;

it(`no operation fails, tells or lets in under ${CASES} requests made up for it (seed ${SEED})`, {
  timeout: 60_000 + CASES * 20_000,
}, async () => {
  const operations = walk.operations
    .filter(({ path }) => /^\/(?:api|admin|scim)\//.test(path))
    .sort((a, b) => ORDER.indexOf(a.method) - ORDER.indexOf(b.method));
  expect(operations.length).toBeGreaterThan(100);
  const faults: string[] = [];
  // An operator can close the accounts it names: not the one that goes on asking.
  const others = { ...walk.victim.things, accountId: walk.thief.owner.accountId as string };
  for (const operation of operations) {
    const known = operation.path.startsWith('/admin/') ? others : walk.victim.things;
    const requests = fc.sample(requestsTo(operation, known), { numRuns: CASES, seed: SEED });
    for (const [index, request] of requests.entries()) {
      const answered = await ask(operation, request, CALLERS[index % CALLERS.length] ?? 'owner');
      const fault = faultOf(operation, answered);
      if (fault !== undefined) faults.push(`${fault}\n  ${JSON.stringify(request).slice(0, 500)}`);
      if (answered.caller === 'owner' && answered.status === 401) browser = await ownersBrowser();
    }
  }
  expect(faults).toEqual([]);
});
