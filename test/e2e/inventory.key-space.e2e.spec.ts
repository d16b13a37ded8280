import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFirstRun } from '../../src/app/bootstrap/first-run.js';
import { Lethe } from '../../src/app/lethe.js';
import { declaredTables, type TableDeclaration } from '../../src/contracts/data-inventory.js';
import { declaredStores } from '../../src/contracts/store-inventory.js';
import { ExpiringTableRegistry } from '../../src/modules/retention/core/expiring-table-registry.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { Log } from '../../src/platform/telemetry/logger.js';
import { TestLethe } from '../harness/app.js';
import { Browser } from '../harness/accounts.js';
import { hasRedisServer, type OwnRedis, startOwnRedis } from '../harness/redis.js';

interface SentSpan {
  readonly attributes: readonly { readonly key: string }[];
}

const messages = [{ role: 'user' as const, content: 'Hello' }];

/** Names that one store may hold, by the inventory. */
const heldBy = (store: string): Set<string> => new Set(Object.keys(declaredStores().find((each) => each.store === store)?.holds ?? {}));

const placesOf = (kind: string): string[] =>
  declaredStores().flatMap(({ place }) => (place.kind === kind ? Object.values(place).filter((value) => value !== kind) : []));

const undeclared = (names: Iterable<string>, isDeclared: (name: string) => boolean): string[] =>
  [...new Set(names)].filter((name) => !isDeclared(name)).sort();

/** Keys of Redis outside every declared prefix. */
const strayKeys = (keys: Iterable<string>): string[] =>
  undeclared(keys, (key) => placesOf('redis').some((prefix) => key.startsWith(prefix)));

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*')}(/|$)`);

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [] : [join(entry.parentPath, entry.name).slice(folder.length + 1)],
  );
}

/** Files below the data folder that no declaration covers; a declared folder covers what is in it. */
function strayFiles(folder: string): string[] {
  const patterns = placesOf('files').map(patternOf);
  const blobs = placesOf('blob').map((prefix) => `blobs/${prefix}/`);
  return undeclared(filesIn(folder), (file) => patterns.some((each) => each.test(file)) || blobs.some((each) => file.startsWith(each)));
}

/** Label names of the text that Prometheus reads, values left out. */
function labelNames(text: string): string[] {
  const samples = text.split('\n').filter((line) => !line.startsWith('#'));
  return samples.flatMap((line) => [...line.matchAll(/[{,]([a-zA-Z_]\w*)="(?:[^"\\]|\\.)*"/g)].map((match) => match[1] ?? ''));
}

describe.skipIf(!hasRedisServer())('a busy Lethe (skipped without a redis-server to start)', () => {
  let app: TestLethe;
  let redis: OwnRedis;
  let collector: Server;
  let client: Redis;
  const lines: string[] = [];
  const spans: SentSpan[] = [];
  const browsers: Browser[] = [];

  beforeAll(async () => {
    redis = await startOwnRedis();
    client = new Redis(redis.url);
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
        spans.push(...body.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans)));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    app = await TestLethe.start({
      environment: {
        LETHE_ROLES: 'api,gateway,worker',
        LETHE_SIGN_UP: 'open',
        REDIS_URL: redis.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      },
      log: Log.open({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } }),
    });
  });

  afterAll(async () => {
    await app?.stop();
    client.disconnect();
    await redis.destroy();
    collector.closeAllConnections();
    collector.close();
  });

  // Calls that succeed and fail, a limit, a sign-up, and the jobs that come of them: what the walks below look at.
  it('is asked for many things', async () => {
    const tenant = await app.tenant();
    const limits = { requestsPerMinute: 100, tokensPerMinute: 100_000 };
    const scope = `rate-limits/organisation/${tenant.organisationId}`;
    expect((await app.api('PUT', `/organisations/${tenant.organisationId}/${scope}`, limits)).status).toBe(200);
    await app.settled();
    for (const stream of [true, false]) {
      await (await app.chat(tenant, { model: 'gpt-4o-mini', messages, max_tokens: 5, stream })).text();
    }
    await (await app.chat(tenant, { model: 'gpt-4o-mini', messages: 'none', max_tokens: 5 })).text();
    await (await app.chat({ key: 'lethe_none' }, { model: 'gpt-4o-mini', messages })).text();
    const browser = new Browser(app.url);
    browsers.push(browser);
    expect((await browser.post('/sign-up', { email: 'ada@reader.example', isOldEnough: true })).status).toBe(202);
    await app.records(tenant, 2);
    const unused = async (): Promise<string[]> => {
      const keys = await client.keys('lethe:*');
      return placesOf('redis').filter((prefix) => !keys.some((key) => key.startsWith(prefix)));
    };
    await expect.poll(unused, { timeout: 25_000 }).toEqual([]);
  });

  it('D1: has no key in Redis under a prefix that nobody declared', async () => {
    const keys = await client.keys('*');
    expect(strayKeys(keys)).toEqual([]);
    expect(strayKeys([...keys, 'lethe:planted:1'])).toEqual(['lethe:planted:1']);
  });

  it('D1: has no file and no blob that nobody declared', () => {
    expect(strayFiles(app.directory)).toEqual([]);
    mkdirSync(join(app.directory, 'blobs/planted'), { recursive: true });
    for (const file of ['diary.txt', 'blobs/planted/1']) writeFileSync(join(app.directory, file), '');
    expect(strayFiles(app.directory)).toEqual(['blobs/planted/1', 'diary.txt']);
  });

  it('C1: has no label on a metric and no attribute on a span that nobody declared', async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    const labels = heldBy('metrics');
    expect(labelNames(text)).toContain('gen_ai_request_model');
    expect(undeclared(labelNames(text), (name) => labels.has(name))).toEqual([]);
    expect(undeclared(labelNames('lethe_calls_total{outcome="ok",prompt="a \\"b\\"",le="1"} 1'), (name) => labels.has(name))).toEqual([
      'prompt',
    ]);

    await expect.poll(() => spans.length, { timeout: 10_000 }).toBeGreaterThan(2);
    const attributes = heldBy('traces');
    expect(
      undeclared(
        spans.flatMap((span) => span.attributes.map(({ key }) => key)),
        (name) => attributes.has(name),
      ),
    ).toEqual([]);
  });

  it('C1, A5: has no field in its log and no cookie that nobody declared', () => {
    const fields = heldBy('log');
    expect(lines.length).toBeGreaterThan(3);
    expect(
      undeclared(
        lines.flatMap((line) => Object.keys(JSON.parse(line) as object)),
        (name) => fields.has(name),
      ),
    ).toEqual([]);
    const cookies = heldBy('outside.browser');
    const set = browsers.flatMap((browser) => browser.received.map((line) => line.split('=', 1)[0] ?? ''));
    expect(set.length).toBeGreaterThan(0);
    expect(undeclared(set, (name) => cookies.has(name))).toEqual([]);
  });

  it('D2: purges each expiring table by the window that the inventory states', () => {
    const byName = new Map(declaredTables().map((each) => [each.table, each]));
    for (const { table, window, organisation } of app.lethe.get(ExpiringTableRegistry).tables()) {
      const { dataClass, retention, columns } = byName.get(table) as TableDeclaration;
      const within = retention.kind === 'partition_by_expiry' ? retention.within : 'not by partition';
      if ('dataClass' in window) expect([table, window.dataClass, undefined]).toEqual([table, dataClass, within]);
      else expect([table, window.longestDays <= Number(/^P(\d+)D$/.exec(within ?? '')?.[1])]).toEqual([table, true]);
      expect([table, organisation === null || organisation in columns]).toEqual([table, true]);
    }
  });
});

describe('a newcomer’s Lethe, with no store set', () => {
  it('D1: has no file that nobody declared, and has what is declared', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-newcomer-'));
    chmodSync(folder, 0o711);
    const settings = loadSettings({ LETHE_DATA_DIR: folder, LETHE_PORT: '0', LETHE_LOG_LEVEL: 'silent', LETHE_SIGN_UP: 'open' });
    const beforeServing = async (providers: Parameters<typeof makeFirstRun>[1]) => {
      await makeFirstRun(settings, providers);
      return null;
    };
    const lethe = await Lethe.start(settings, { beforeServing });
    try {
      const browser = new Browser(lethe.url);
      expect((await browser.post('/sign-up', { email: 'ada@reader.example', isOldEnough: true })).status).toBe(202);
      // What is there only while it is used need not be there now.
      const lasting = declaredStores().flatMap(({ place, retention }) =>
        place.kind === 'files' && retention.kind !== 'transient' ? [place.path] : [],
      );
      const absent = () => lasting.filter((path) => !filesIn(folder).some((file) => patternOf(path).test(file)));
      await expect.poll(absent, { timeout: 10_000 }).toEqual([]);
      expect(strayFiles(folder)).toEqual([]);
    } finally {
      await lethe.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a Lethe whose queue is in PostgreSQL', () => {
  it('D1: leaves empty what the inventory says is never used', async () => {
    const app = await TestLethe.start({ environment: { LETHE_ROLES: 'api,gateway,worker' } });
    try {
      const tenant = await app.tenant();
      await (await app.chat(tenant, { model: 'gpt-4o-mini', messages, max_tokens: 5 })).text();
      await expect.poll(() => app.rows('SELECT FROM bullmq.scheduler').then((rows) => rows.length), { timeout: 10_000 }).toBeGreaterThan(3);
      for (const { table } of declaredTables().filter(({ retention }) => retention.kind === 'unused')) {
        expect([table, await app.rows(`SELECT FROM ${table} LIMIT 1`)]).toEqual([table, []]);
      }
    } finally {
      await app.stop();
    }
  });
});
