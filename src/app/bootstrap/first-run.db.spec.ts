import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/postgres.js';
import { SystemClock } from '../../kernel/clock.js';
import { KeyAdministration } from '../../modules/auth/auth.contract.js';
import { RouteAdministration } from '../../modules/routing/routing.contract.js';
import { readProfile } from '../../modules/retention/core/profile/read-profile.js';
import { PartitionMaintenance } from '../../modules/retention/retention.contract.js';
import { loadSettings } from '../../platform/config/load-settings.js';
import type { Settings } from '../../platform/config/settings.js';
import { Log } from '../../platform/telemetry/logger.js';
import { AppModule } from '../app.module.js';
import type { Providers } from '../lethe.js';
import { bootstrapPath, type BootstrapRecord } from './bootstrap-file.js';
import { makeFirstRun } from './first-run.js';

let database: TestDatabase;
let application: INestApplicationContext;
let owner: pg.Pool;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  owner.on('error', () => undefined);
  folder = mkdtempSync(join(tmpdir(), 'lethe-first-run-'));
  const runtime = {
    settings: settings(),
    log: Log.open({ level: 'silent' }),
    clock: new SystemClock(),
    profile: readProfile('zero-retention'),
    database: { url: database.url, ownerUrl: database.url },
  };
  application = await NestFactory.createApplicationContext(AppModule.forRoot(runtime), { logger: false, abortOnError: false });
  await application.get(PartitionMaintenance).run();
});

afterEach(async () => {
  await application.close();
  await owner.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function settings(more: Readonly<Record<string, string>> = {}): Settings {
  return loadSettings({ DATABASE_URL: database.url, LETHE_DATA_DIR: folder, LETHE_ROLES: 'api', ...more });
}

function record(): BootstrapRecord {
  return JSON.parse(readFileSync(bootstrapPath(settings()), 'utf8')) as BootstrapRecord;
}

/** What `announce` prints. */
function printedBy(announce: () => void): string {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  announce();
  const text = written.mock.calls.map(([piece]) => String(piece)).join('');
  written.mockRestore();
  return text;
}

async function count(table: string, condition = 'true'): Promise<number> {
  const { rows } = await owner.query<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE ${condition}`);
  return Number(rows[0]?.n);
}

describe('the first run', () => {
  it('sets up what a first call needs, shows it once and leaves it in a file of mode 0600', async () => {
    const run = await makeFirstRun(settings(), application);
    const text = printedBy(() => run?.announce('http://127.0.0.1:4711'));
    const { apiKey, operatorToken, organisationId, url } = record();
    expect(statSync(bootstrapPath(settings())).mode & 0o777).toBe(0o600);
    expect(url).toBe('http://127.0.0.1:4711');
    for (const shown of [apiKey, operatorToken, organisationId, `curl -N ${url}/v1/chat/completions`, `${url}/docs`])
      expect(text).toContain(shown);
    expect(run?.usesStandIn).toBe(true);
    const [route] = await application.get(RouteAdministration).list(organisationId as never);
    expect(route).toMatchObject({ model: '*', targets: [{ upstreamModel: null }] });
    expect(await count('price_override', `provider = 'stand_in'`)).toBe(1);
  });

  it('does nothing the second time, in production, when it is switched off, and without the api role', async () => {
    const run = await makeFirstRun(settings(), application);
    printedBy(() => run?.announce('http://127.0.0.1:1'));
    expect(await makeFirstRun(settings(), application)).toBeNull();
    for (const given of [{ environment: 'production' }, { bootstrap: 'never' }, { roles: ['gateway'] }]) {
      expect(await makeFirstRun(Object.assign(settings(), given), application)).toBeNull();
    }
  });

  it.each([
    ['before its key was made', KeyAdministration],
    ['before its route was made', RouteAdministration],
  ])('is completed by the next start when it was cut short %s', async (_when, missing) => {
    const crashing: Providers = {
      get: (token) => {
        if (Object.is(token, missing)) throw new Error('killed');
        return application.get(token);
      },
    };
    await expect(makeFirstRun(settings(), crashing)).rejects.toThrow('killed');
    const run = await makeFirstRun(settings(), application);
    expect(run).not.toBeNull();
    expect([await count('organisation'), await count('project'), await count('provider_credential'), await count('route')]).toEqual([
      2, 1, 1, 1,
    ]);
    expect([await count('operator'), await count('api_key')]).toEqual([1, 1]);
  });

  it('makes secrets nobody has seen anew, and those before them stop working', async () => {
    await makeFirstRun(settings(), application);
    const unseen = record();
    const again = await makeFirstRun(settings(), application);
    printedBy(() => again?.announce('http://127.0.0.1:1'));
    expect(record().apiKey).not.toBe(unseen.apiKey);
    expect(record().operatorToken).not.toBe(unseen.operatorToken);
    expect(await count('api_key', 'revoked_at IS NULL')).toBe(1);
    expect(await count('operator_token', 'revoked_at IS NULL')).toBe(1);
    expect(await makeFirstRun(settings(), application)).toBeNull();
  });

  it('K1, K2: uses a real provider when its variable is set, and stores that key sealed', async () => {
    const key = 'sk-live-0123456789abcdefghij';
    const run = await makeFirstRun(settings({ OPENAI_API_KEY: key }), application);
    expect(run?.usesStandIn).toBe(false);
    const { rows } = await owner.query<{ provider: string; ciphertext: Buffer }>('SELECT provider, ciphertext FROM provider_credential');
    expect(rows).toMatchObject([{ provider: 'openai' }]);
    expect(rows[0]?.ciphertext.includes(key)).toBe(false);
    expect(readFileSync(bootstrapPath(settings()), 'utf8')).not.toContain(key);
  });

  it('is made by one of two replicas that start at once', async () => {
    // Each has a data folder of its own: what one has left unfinished is not the other's to finish.
    const beside = mkdtempSync(join(folder, 'beside-'));
    const runs = await Promise.all([
      makeFirstRun(settings(), application),
      makeFirstRun(settings({ LETHE_DATA_DIR: beside }), application),
    ]);
    expect(runs.filter((run) => run !== null)).toHaveLength(1);
    expect(await count('operator')).toBe(1);
  });
});
