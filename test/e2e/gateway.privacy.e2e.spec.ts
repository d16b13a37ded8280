import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TestLethe, type TestTenant } from '../harness/app.js';
import { type OwnPostgres, startOwnPostgres } from '../harness/postgres.js';
import { RawConnection } from '../harness/raw-http.js';

/** Words that occur nowhere else, one for each place content can be in. */
const planted = new Map<string, string>();

function canary(place: string): string {
  const word = planted.get(place) ?? `cnry${randomBytes(9).toString('hex')}`;
  planted.set(place, word);
  return word;
}

/** The shapes a word can hide in: as it is, in base64 at any of its three offsets, in hex. */
function disguises(word: string): Buffer[] {
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(' '.repeat(offset) + word).toString('base64');
    return text.slice(4, Math.floor(((offset + word.length) * 4) / 3) - 4);
  });
  return [word, ...base64, Buffer.from(word).toString('hex')].map((text) => Buffer.from(text));
}

interface Store {
  readonly name: string;
  readonly bytes: Buffer;
}

function filesIn(name: string, directory: string): Store[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: `${name}: ${entry.name}`, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
}

/** Where `words` were found, as `place in store`. */
function findings(words: Iterable<readonly [string, string]>, stores: readonly Store[]): string[] {
  return [...words].flatMap(([place, word]) =>
    disguises(word).flatMap((shape) => stores.filter(({ bytes }) => bytes.includes(shape)).map((store) => `${place} in ${store.name}`)),
  );
}

/** A collector of traces. */
class Collector {
  private readonly bodies: Buffer[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => collector.bodies.push(chunk));
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    const collector = new Collector(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get received(): Buffer {
    return Buffer.concat(this.bodies);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const IMAGE = () => `data:image/png;base64,${Buffer.from(`\x89PNG ${canary('image')}`).toString('base64')}`;

/** A request with a canary in every place that holds content. */
function request(more: object): Record<string, unknown> {
  return {
    messages: [
      { role: 'system', content: `You are ${canary('system prompt')}` },
      {
        role: 'user',
        name: canary('participant'),
        content: [
          { type: 'text', text: canary('prompt part') },
          { type: 'image_url', image_url: { url: IMAGE() } },
        ],
      },
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look_up', arguments: `{"q":"${canary('tool arguments')}"}` } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: canary('tool result') },
      { role: 'user', content: `Say ${canary('prompt, and the answer that repeats it')} and stop` },
    ],
    tools: [
      {
        type: 'function',
        function: {
          name: 'look_up',
          description: canary('tool description'),
          parameters: { type: 'object', properties: { [canary('tool parameter')]: { type: 'string' } } },
        },
      },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { title: canary('answer schema') } } },
    metadata: { note: canary('metadata') },
    user: canary('end user'),
    stop: [canary('stop sequence')],
    [canary('unknown field')]: canary('unknown value'),
    max_tokens: 12,
    ...more,
  };
}

const HEADERS = () => ({
  cookie: `session=${canary('cookie')}`,
  'user-agent': canary('user agent'),
  'x-forwarded-for': '198.51.100.213',
  'x-custom': canary('custom header'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

const SCENARIOS = [
  'scenario:echo',
  'scenario:tools',
  'scenario:no-usage',
  'scenario:status,status=400',
  'scenario:context-length',
  'scenario:echo-key',
  'scenario:status,status=400,errorBody=echo_key',
  'scenario:status,status=500',
  'scenario:rate-limited,retryAfterSeconds=60',
  'scenario:proxy-page',
  'scenario:invalid-json',
  'scenario:error-event',
  'scenario:error-event,errorEventAfter=2',
  'scenario:cut,cutAfter=2,echo=true',
  'scenario:stall,stallAfter=2,echo=true',
  'scenario:reset',
  'scenario:slow-headers,headerDelayMs=3000',
];

describe('C1, K2: after calls of every kind, successful and failed', () => {
  const lines: string[] = [];
  const secret = `sk-live-${randomBytes(20).toString('hex')}`;
  let app: TestLethe;
  let postgres: OwnPostgres;
  let collector: Collector;
  let directory: string;
  let tenant: TestTenant;
  let stores: Store[] = [];
  let calls = 0;

  beforeAll(async () => {
    [postgres, collector] = await Promise.all([startOwnPostgres(), Collector.start()]);
    directory = mkdtempSync(join(tmpdir(), 'lethe-privacy-'));
    const log = Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
    app = await TestLethe.start({
      databaseUrl: postgres.url(),
      log,
      environment: {
        LETHE_ROLES: 'api,gateway,worker',
        LETHE_DATA_DIR: directory,
        LETHE_UPSTREAM_FIRST_BYTE_MS: '300',
        LETHE_UPSTREAM_IDLE_MS: '300',
        LETHE_MAX_BODY_BYTES: '100000',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
    });
    tenant = await app.tenant({ secret });
  });

  /** Everything the process and its database leave behind once both have stopped. */
  async function collectStores(): Promise<void> {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    const listed = await app.api('GET', `/usage/requests?organisationId=${tenant.organisationId}&limit=100`);
    const credentials = await app.api('GET', `/organisations/${tenant.organisationId}/credentials`);
    const audit = await app.api('GET', `/organisations/${tenant.organisationId}/audit-events`);
    // Statistics keep samples of what columns held.
    await app.rows('ANALYZE');
    await app.stop();
    await postgres.stop();
    stores = [
      { name: 'the log', bytes: Buffer.from(lines.join('')) },
      { name: 'the metrics', bytes: Buffer.from(metrics) },
      { name: 'the traces', bytes: collector.received },
      { name: 'the admin API', bytes: Buffer.from(JSON.stringify([listed.body, credentials.body, audit.body])) },
      ...filesIn('the database', postgres.directory),
      ...filesIn('the data folder', directory),
    ];
  }

  afterAll(async () => {
    await app?.stop().catch(() => undefined);
    collector?.close();
    await postgres?.destroy();
    rmSync(directory, { recursive: true, force: true });
  });

  async function makeCalls(): Promise<void> {
    const headers = { ...HEADERS(), 'x-client-request-id': 'control-word-77141' };
    await Promise.all(
      SCENARIOS.flatMap((model) => [false, true].map((stream) => ({ model, stream }))).map(async ({ model, stream }) => {
        const answer = await app.chat(tenant, request({ model, stream }), { headers });
        const text = await answer.text().catch(() => '');
        expect(text).not.toContain(secret);
        calls += 1;
      }),
    );
    await leaveMidway();
    const bad = [
      `{"messages":"${canary('broken body')}`,
      JSON.stringify(request({ model: 5 })),
      JSON.stringify(request({ model: 'm', messages: [{ role: 'user', content: { [canary('wrong content')]: 1 } }] })),
      JSON.stringify({ model: 'm', padding: canary('large body').repeat(5000) }),
    ];
    for (const body of bad) await (await app.chat(tenant, body, { headers })).text();
    await (await app.chat({ key: `lethe_sk_${canary('wrong key')}` }, request({ model: 'm' }))).text();
    await (await fetch(`${app.url}/v1/${canary('address')}?q=${canary('query')}`, { headers })).text();
    await (await fetch(`${app.url}/api/v1/${canary('admin address')}`, { method: 'POST', body: canary('admin body'), headers })).text();
  }

  async function leaveMidway(): Promise<void> {
    for (const model of ['scenario:drip,echo=true', 'scenario:slow-headers']) {
      const connection = await RawConnection.open(app.url);
      connection.post('/v1/chat/completions', tenant.key, JSON.stringify(request({ model, stream: true })));
      await new Promise((resolve) => setTimeout(resolve, 250));
      connection.close();
      calls += 1;
    }
  }

  it('every call that reached the upstream is in the ledger', async () => {
    await makeCalls();
    await app.records(tenant, calls);
    await collectStores();
  });

  it('the scan sees what is there: metadata of the calls is in the database, the log and the traces', () => {
    const seen = findings([['client request id', 'control-word-77141']], stores);
    expect(seen.some((finding) => finding.includes('the database'))).toBe(true);
    expect(stores.find(({ name }) => name === 'the traces')?.bytes.includes('gen_ai.request.model')).toBe(true);
    expect(stores.find(({ name }) => name === 'the metrics')?.bytes.includes('lethe_calls_total')).toBe(true);
    expect(lines.length).toBeGreaterThan(0);
    expect(stores.length).toBeGreaterThan(500);
  });

  it('peers 21, 24: no byte of any input or output is in a table, the WAL, the queue, the log, the metrics, the traces or the data folder', () => {
    expect(planted.size).toBeGreaterThan(20);
    expect(findings(planted, stores)).toEqual([]);
  });

  it("K2: neither the upstream's key nor the client's is anywhere, whole or in its middle", () => {
    const words: [string, string][] = [
      ["the upstream's key", secret.slice(8, 40)],
      ["the client's key", tenant.key.slice(16, -6)],
    ];
    expect(findings(words, stores)).toEqual([]);
  });

  it('addresses and traces of clients are not in the ledger, nor is a trace of theirs continued', () => {
    const words: [string, string][] = [
      ['address', '198.51.100.213'],
      ['trace', '0af7651916cd43dd8448eb211c80319c'],
    ];
    expect(findings(words, stores)).toEqual([]);
  });
});
