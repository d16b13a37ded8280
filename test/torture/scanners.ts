// What others' scanners find on a built Lethe: sqlmap on path, query and body of the operations below, wapiti on every address there is. Both are
// packages of Debian. Between them and Lethe stands a proxy that gives each request an address of its own, as limits count by address, and
// counts what was answered.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLethe } from '../harness/process.ts';
import { exampleOf, type Operation, readSurface } from '../harness/surface.ts';
import { countingProxy } from './scanned-proxy.ts';

/** An operator's, though what else is under an organisation's address is its members'. */
const RENAMES = 'PATCH /api/v1/organisations/{organisationId}';

/** Where text of a caller's meets the database: names, filters, cursors, ids, mail addresses. */
const INJECTED = [
  'POST /api/v1/organisations',
  'GET /api/v1/organisations',
  'GET /api/v1/organisations/{organisationId}/projects/{projectId}',
  'GET /api/v1/organisations/{organisationId}/audit-events',
  'GET /api/v1/organisations/{organisationId}/keys',
  'GET /api/v1/organisations/{organisationId}/members',
  'GET /api/v1/usage/requests',
  'GET /api/v1/usage/summary',
  'GET /api/v1/audit-events',
  'GET /api/v1/audit-log/inclusion-proof',
  'GET /api/v1/links/{token}',
  'GET /v1/models/{model}',
  'POST /api/v1/organisations/{organisationId}/projects',
  'POST /api/v1/organisations/{organisationId}/keys',
  'POST /api/v1/organisations/{organisationId}/routes',
  'POST /api/v1/organisations/{organisationId}/credentials',
  'POST /api/v1/organisations/{organisationId}/budgets',
  'POST /api/v1/organisations/{organisationId}/webhooks',
  'POST /api/v1/organisations/{organisationId}/invitations',
  'PUT /api/v1/organisations/{organisationId}/rate-limits/{scope}/{scopeId}',
  'POST /api/v1/price-overrides',
  'POST /api/v1/sign-in/password',
  'POST /api/v1/sign-in/discovery',
  'POST /api/v1/sign-up',
  'PATCH /api/v1/account',
  // Last: it makes a second factor a must, and the owner has none.
  RENAMES,
];
const WAPITI_MODULES =
  'sql,blindsql,xss,permanentxss,ssrf,exec,file,redirect,crlf,xxe,csrf,http_headers,csp,cookieflags,methods,shellshock';
/** HSTS is for production, and this is development; the other header has no meaning to any browser of today. */
const EXPLAINED = ['Strict-Transport-Security is not set', 'X-XSS-Protection is not set'];
/** Each operation, and each module of wapiti, may take so long. */
const PATIENCE_SECONDS = Number(process.env['LETHE_SCAN_SECONDS'] ?? '600');

interface Target {
  readonly url: string;
  readonly folder: string;
  readonly operations: readonly Operation[];
  readonly known: Readonly<Record<string, string>>;
  readonly operator: Readonly<Record<string, string>>;
  readonly key: Readonly<Record<string, string>>;
  readonly owner: Readonly<Record<string, string>>;
}

const SCANNERS = { sqlmap: runSqlmap, wapiti: runWapiti } as const;

/** Runs one of them; throws when it found something, or anything was answered with a 5xx. */
export async function scan(
  scanner: keyof typeof SCANNERS,
  databaseUrl: string,
  say: (line: string) => void,
): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-scan-'));
  const lethe = await startLethe({
    DATABASE_URL: databaseUrl,
    LETHE_PORT: String(await freePort()),
    LETHE_DATA_DIR: folder,
    LETHE_TRUSTED_PROXIES: '127.0.0.0/8',
    LETHE_SIGN_UP: 'open',
    LETHE_ACCOUNT_PHONE: 'optional',
    LETHE_PEOPLE_CREATE_ORGANISATIONS: 'true',
    LETHE_LOG_LEVEL: 'error',
  });
  const proxy = await countingProxy(lethe.address);
  try {
    const target = await prepare(proxy.url, lethe.address, folder);
    const found = await SCANNERS[scanner](target, say);
    const { requests, byStatus, failures } = proxy;
    say(`${requests} requests, answered ${JSON.stringify(byStatus)}`);
    assert.deepEqual({ found, failures }, { found: [], failures: [] });
    return { requests };
  } finally {
    await proxy.close();
    await lethe.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Someone signed in with an organisation of their own, and what an operator and a program carry. */
async function prepare(url: string, origin: string, folder: string): Promise<Target> {
  const first = JSON.parse(readFileSync(join(folder, 'bootstrap.json'), 'utf8')) as { operatorToken: string; apiKey: string };
  const json = { 'content-type': 'application/json', origin };
  const email = 'scanned@example.com';
  const asked = await post(`${url}/api/v1/sign-up`, json, { email, isOldEnough: true });
  const browser = cookiesOf(asked);
  const token = await mailedToken(join(folder, 'outbox-mail'));
  const confirmed = await post(`${url}/api/v1/sign-up/confirm`, { ...json, cookie: browser }, { token });
  const { csrfToken } = (await confirmed.json()) as { csrfToken: string };
  const owner = { cookie: cookiesOf(confirmed), 'x-csrf-token': csrfToken, origin };
  const make = async (path: string, body: object): Promise<string> => {
    const answer = await post(`${url}/api/v1/organisations${path}`, { ...json, ...owner }, body);
    return ((await answer.json()) as { id: string }).id;
  };
  const organisationId = await make('', { slug: 'scanned', name: 'Scanned' });
  const projectId = await make(`/${organisationId}/projects`, { name: 'default' });
  const upstream = { name: 'upstream', provider: 'stand_in', secret: 'sk-upstream-test-0001' };
  const credentialId = await make(`/${organisationId}/credentials`, upstream);
  return {
    url,
    folder,
    operations: await readSurface(url, '/'),
    known: {
      organisationId,
      projectId,
      keyId: projectId,
      scope: 'organisation',
      scopeId: organisationId,
      model: 'gpt-4o-mini',
      provider: 'stand_in',
      credentialId,
      slug: 'another',
      email: 'guest@example.com',
      password: 'quiet otters row upstream',
      secret: 'sk-upstream-test-0001',
      phone: '+4930123456',
      token: 'A'.repeat(43),
      leafHash: Buffer.alloc(32).toString('base64'),
      cachedInputPerMillion: '1.5',
      perRequest: '0.01',
    },
    operator: { authorization: `Bearer ${first.operatorToken}` },
    key: { authorization: `Bearer ${first.apiKey}` },
    owner,
  };
}

async function post(url: string, headers: Record<string, string>, body: object): Promise<Response> {
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');
}

/** The token at the end of the link in the only mail there is. */
async function mailedToken(mails: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [mail] = listed(mails);
    const token = mail === undefined ? undefined : /\/([\w-]{43})\s/.exec(readFileSync(join(mails, mail), 'utf8'))?.[1];
    if (token !== undefined) return token;
  }
  throw new Error('no mail came');
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not there before the first mail.
    return [];
  }
}

/** Who asks: nobody where nobody is asked for, a program for the data plane, an operator for what is an operator's, else the owner. */
function callerOf({ method, path, isSecured }: Operation, { owner, operator, key }: Target): Readonly<Record<string, string>> {
  if (!isSecured) return { origin: owner['origin'] ?? '' };
  if (path.startsWith('/v1/')) return key;
  const isOperators = /^\/api\/v1\/(?:audit-events|price-overrides|usage)/.test(path) || `${method} ${path}` === RENAMES;
  return isOperators ? operator : owner;
}

/** The operations sqlmap calls injectable. An asterisk marks where it puts what it sends. */
async function runSqlmap(target: Target, say: (line: string) => void): Promise<string[]> {
  const found: string[] = [];
  for (const name of INJECTED) {
    const operation = target.operations.find(({ method, path }) => `${method} ${path}` === name);
    if (operation === undefined) throw new Error(`there is no ${name}`);
    const file = join(target.folder, 'request.txt');
    const request = requestTo(operation, target);
    writeFileSync(file, rawRequest(request));
    const status = await statusOf(request);
    const { output, wasCut } = await run(PATIENCE_SECONDS, 'sqlmap', [
      '-r',
      file,
      `--output-dir=${join(target.folder, 'sqlmap')}`,
      ...'--batch --ignore-stdin --level=2 --risk=2 --dbms=PostgreSQL --ignore-code=401 --flush-session --disable-coloring'.split(' '),
    ]);
    const isFound = /identified the following injection point|is vulnerable/.test(output);
    if (isFound) found.push(`${name}\n${output.slice(-2_000)}`);
    // Anything else it may say would be a test that was none.
    else if (!wasCut && !output.includes('all tested parameters do not appear to be injectable'))
      throw new Error(`sqlmap did not test ${name}:\n${output}`);
    say(`sqlmap ${name} (${status}): ${isFound ? 'FOUND' : 'nothing'}${wasCut ? `, stopped after ${PATIENCE_SECONDS} s` : ''}`);
  }
  return found;
}

/** A request as it would be without anything malicious; an asterisk stands where sqlmap puts what it sends. */
interface MarkedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function requestTo(operation: Operation, target: Target): MarkedRequest {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => `${target.known[name] ?? 'A'.repeat(43)}*`);
  const query = queryOf(operation, target).map(([name, value]) => `${name}=${encodeURIComponent(value)}*`);
  const body = operation.body ? JSON.stringify(marked(exampleOf(operation.body, target.known))) : '';
  const headers = {
    accept: 'application/json',
    ...callerOf(operation, target),
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
  };
  return { method: operation.method, url: `${target.url}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`, headers, body };
}

/** What the query may say. A page is asked for by a cursor that a page before it gave, or it is refused before anything else is looked at. */
function queryOf({ queryParameters }: Operation, { known }: Target): [string, string][] {
  const others = queryParameters.filter(({ name }) => name !== 'cursor');
  return others.map(({ name, schema }) => [name, String(exampleOf(schema ?? {}, known, name))]);
}

function rawRequest({ method, url, headers, body }: MarkedRequest): string {
  const { host, origin } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url.slice(origin.length)} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** How the request is answered without its marks. After a 400 here sqlmap has met the validation and nothing behind it. */
async function statusOf({ method, url, headers, body }: MarkedRequest): Promise<number> {
  const plain = body.replaceAll('*', '');
  const answer = await fetch(url.replaceAll('*', ''), { method, headers, ...(plain === '' ? {} : { body: plain }) });
  await answer.arrayBuffer();
  return answer.status;
}

/** The value with an asterisk after every text in it. */
function marked(value: unknown): unknown {
  if (typeof value === 'string') return `${value}*`;
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]));
}

/** What wapiti reports, as the owner of an organisation. */
async function runWapiti(target: Target, say: (line: string) => void): Promise<string[]> {
  const report = join(target.folder, 'wapiti.json');
  const all = target.operations.filter(({ method }) => method === 'GET').map((operation) => addressOf(operation, target));
  // What the owner may not see would be refused before anything of the address is looked at.
  const statuses = await Promise.all(all.map(async (address) => (await fetch(address, { headers: target.owner })).status));
  const addresses = all.filter((_, index) => (statuses[index] ?? 0) < 300);
  const { output } = await run(PATIENCE_SECONDS * 16, 'wapiti', [
    ...addresses.flatMap((address) => ['-s', address]),
    ...Object.entries(target.owner).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...Object.entries({
      '-u': `${target.url}/`,
      '-m': WAPITI_MODULES,
      '--endpoint': `${target.url}/outside/`,
      '--max-attack-time': String(PATIENCE_SECONDS),
      '--max-scan-time': String(PATIENCE_SECONDS),
      '--store-session': join(target.folder, 'wapiti'),
      '-f': 'json',
      '-o': report,
    }).flat(),
    '--flush-session',
    '--no-bugreport',
  ]);
  if (!existsSync(report)) throw new Error(`wapiti wrote no report:\n${output.slice(-4_000)}`);
  const { vulnerabilities, anomalies } = JSON.parse(readFileSync(report, 'utf8')) as Record<string, Record<string, object[]>>;
  const found = Object.entries({ ...vulnerabilities, ...anomalies }).flatMap(([kind, all]) =>
    all.map((one) => `${kind}: ${JSON.stringify(one).slice(0, 400)}`).filter((line) => !EXPLAINED.some((known) => line.includes(known))),
  );
  say(`wapiti on ${addresses.length} addresses: ${found.length === 0 ? 'nothing' : `FOUND\n${found.join('\n')}\n${output.slice(-1_000)}`}`);
  return found;
}

function addressOf(operation: Operation, target: Target): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => target.known[name] ?? 'A'.repeat(43));
  const query = queryOf(operation, target);
  return `${target.url}${path}${query.length > 0 ? `?${new URLSearchParams(query).toString()}` : ''}`;
}

interface Ran {
  readonly output: string;
  /** Whether it was still at it when its time was over. */
  readonly wasCut: boolean;
}

async function run(seconds: number, program: string, args: readonly string[]): Promise<Ran> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout?.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (output += piece.toString()));
  let wasCut = false;
  const impatience = setTimeout(() => (wasCut = child.kill('SIGTERM')), seconds * 1_000);
  await once(child, 'close');
  clearTimeout(impatience);
  return { output, wasCut };
}
