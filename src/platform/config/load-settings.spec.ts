import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../kernel/errors.js';
import { type Environment, loadSettings } from './load-settings.js';
import { declaredSettings } from './setting.js';
import { Settings } from './settings.js';

const directory = mkdtempSync(join(tmpdir(), 'lethe-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function refusal(environment: Environment): AppError {
  try {
    loadSettings(environment);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}

const sentence = (environment: Environment) => refusal(environment).publicMessage;

describe('settings', () => {
  it('of an empty environment are the defaults, and those are valid', () => {
    expect(loadSettings({})).toEqual(new Settings());
    expect(loadSettings({ PATH: '/bin', HOME: '/root', LETHE_PORT: '', LETHE_SHARED: 'x', LETHE_TEST_DATABASE_URL: 'x' })).toEqual(
      new Settings(),
    );
  });

  it('share no list between two instances', () => {
    loadSettings({}).corsOrigins.push('https://console.example');
    expect(loadSettings({}).corsOrigins).toEqual([]);
  });

  it('may name hosts as a cluster does', () => {
    expect(loadSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel_collector:4318' }).otlpEndpoint).toBe('http://otel_collector:4318');
  });

  it('are read by their kind', () => {
    const settings = loadSettings({
      LETHE_ENV: 'production',
      LETHE_PROFILE: 'relay',
      DATABASE_URL: 'postgresql://db/lethe',
      LETHE_ROOT_KEY_FILE: '/keys/root.json',
      LETHE_PORT: '9000',
      LETHE_ROLES: ' api , worker,',
      LETHE_TRUST_TRACEPARENT: 'true',
      LETHE_TRUSTED_PROXIES: '10.0.0.0/8,fd00::/8',
    });
    expect(settings).toMatchObject({
      port: 9_000,
      roles: ['api', 'worker'],
      trustTraceparent: true,
      trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
    });
  });

  it.each([
    [{ LETHE_PORT: 'http' }, 'LETHE_PORT must be an integer number'],
    [{ LETHE_PORT: '80.5' }, 'LETHE_PORT must be an integer number'],
    [{ LETHE_PORT: '1e3' }, 'LETHE_PORT must be an integer number'],
    [{ LETHE_PORT: '65536' }, 'LETHE_PORT must not be greater than 65535'],
    [{ LETHE_PORT: '-1' }, 'LETHE_PORT must not be less than 0'],
    [{ LETHE_ENV: 'staging' }, 'LETHE_ENV must be one of the following values: development, production'],
    [{ LETHE_ROLES: 'api,cook' }, 'LETHE_ROLES each item must be one of the following values: api, gateway, worker'],
    [{ LETHE_ROLES: ',' }, 'LETHE_ROLES must contain at least 1 elements'],
    [{ LETHE_TRUST_TRACEPARENT: 'yes' }, 'LETHE_TRUST_TRACEPARENT must be a boolean value'],
    [{ LETHE_TRUSTED_PROXIES: '10.0.0.1' }, 'LETHE_TRUSTED_PROXIES each item must be a CIDR block such as 10.0.0.0/8'],
    [
      { LETHE_UPSTREAM_PRIVATE_NETWORKS: '300.0.0.0/99' },
      'LETHE_UPSTREAM_PRIVATE_NETWORKS each item must be a CIDR block such as 10.0.0.0/8',
    ],
    [{ LETHE_VAULT_ADDR: 'vault' }, 'LETHE_VAULT_ADDR must be a URL address'],
    [{ LETHE_PROT: '80' }, 'LETHE_PROT is not a setting of Lethe; docs/configuration.md lists them all'],
    [{ LETHE_PORT_FILE: '/x' }, 'LETHE_PORT_FILE is not a setting of Lethe; docs/configuration.md lists them all'],
    [{ LETHE_ENV: 'production', LETHE_PROFILE: 'relay', LETHE_ROOT_KEY_FILE: '/k' }, 'DATABASE_URL must be set in production'],
    [
      { LETHE_ENV: 'production', LETHE_PROFILE: 'relay', DATABASE_URL: 'postgres://db/x' },
      'LETHE_ROOT_KEY_FILE must be set in production: a root key is never made up there',
    ],
    [{ LETHE_KMS: 'aws' }, 'LETHE_AWS_KMS_KEY_ID must be set when LETHE_KMS=aws'],
    [
      { LETHE_KMS: 'vault', LETHE_VAULT_ADDR: 'https://vault:8200', LETHE_VAULT_TOKEN: 't' },
      'LETHE_VAULT_TRANSIT_KEY must be set when LETHE_KMS=vault',
    ],
    [
      { LETHE_KMS: 'pkcs11', LETHE_PKCS11_LIBRARY: '/l.so', LETHE_PKCS11_TOKEN_LABEL: 't', LETHE_PKCS11_KEY_LABEL: 'k' },
      'LETHE_PKCS11_PIN must be set when LETHE_KMS=pkcs11',
    ],
    [{ LETHE_VAULT_TOKEN_FILE: '/no/such/file' }, 'LETHE_VAULT_TOKEN_FILE names a file that cannot be read'],
  ])('%j: %s', (environment, said) => {
    expect(sentence(environment)).toBe(said);
  });

  it('name everything that is wrong at once, and each wrong variable by itself for a program', () => {
    const error = refusal({ LETHE_PORT: 'x', LETHE_KMS: 'aws', LETHE_NEW: '1' });
    expect(error).toMatchObject({ code: 'config/invalid_setting', status: 500 });
    expect((error.details['errors'] as { field: string }[]).map(({ field }) => field)).toEqual([
      'LETHE_NEW',
      'LETHE_PORT',
      'LETHE_AWS_KMS_KEY_ID',
    ]);
  });
});

describe('secret settings', () => {
  const secrets = declaredSettings().filter((setting) => setting.secret);

  it('can be files, whose last line break does not count', () => {
    const settings = loadSettings({ LETHE_METRICS_TOKEN_FILE: file('token', 'a-token-of-some-length\n') });
    expect(settings.metricsToken).toBe('a-token-of-some-length');
  });

  it('remember their file when it has to be read again later', () => {
    const path = file('vault', 'hvs.x');
    expect(loadSettings({ LETHE_VAULT_TOKEN_FILE: path })).toMatchObject({ vaultToken: 'hvs.x', vaultTokenFile: path });
    expect(loadSettings({ LETHE_VAULT_TOKEN: 'hvs.x' }).vaultTokenFile).toBeUndefined();
  });

  it('given twice are refused: nobody could tell which one counts', () => {
    const environment = {
      LETHE_METRICS_TOKEN: 'a-token-of-some-length',
      LETHE_METRICS_TOKEN_FILE: file('other', 'another-token-of-length'),
    };
    expect(sentence(environment)).toBe('LETHE_METRICS_TOKEN is set twice, also as LETHE_METRICS_TOKEN_FILE; keep one');
  });

  it('K2: never show their value in an error, whatever is wrong with them or with anything else', () => {
    const environment = Object.fromEntries(secrets.map(({ env }, index) => [env, `hunter${index}\u0000`]));
    const error = refusal({ ...environment, LETHE_PORT: 'x' });
    const shown = JSON.stringify([error.message, error.publicMessage, error.details, error.stack, error.cause]);
    expect(error.publicMessage).toContain('DATABASE_URL must match');
    expect(shown).not.toContain('hunter');
  });

  it('K2: nor when they come from a file', () => {
    const error = refusal({ DATABASE_URL_FILE: file('database', 'mysql://root:hunter2@db/x') });
    expect(JSON.stringify([error.message, error.details, error.stack])).not.toContain('hunter2');
  });
});

describe('declarations', () => {
  it('stand section by section', () => {
    const sections = declaredSettings().map(({ section }) => section);
    expect([...new Set(sections)]).toEqual([
      'Process',
      'Stores',
      'Keys',
      'Accounts',
      'Operators',
      'Abuse',
      'Calls',
      'Mail',
      'Retention',
      'Content',
      'Blobs',
      'Backups',
      'Audit log',
      'Telemetry',
      'Usage',
    ]);
    expect(sections).toEqual([...Map.groupBy(sections, (section) => section).values()].flat());
  });

  it('no two settings share a variable, and each names a property of its own', () => {
    const all = declaredSettings();
    expect(new Set(all.map(({ env }) => env)).size).toBe(all.length);
    expect(new Set(all.map(({ property }) => property)).size).toBe(all.length);
  });
});
