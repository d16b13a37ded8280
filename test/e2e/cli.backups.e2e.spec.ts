import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { schemaOf } from '../harness/backups.js';
import { CommandLine, expectSentence } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

interface Listed {
  readonly id: string;
  readonly kind: string;
}

// As deploy/postgres-logins.sh sets it up: neither login is a superuser, so neither may copy past row-level security or silence foreign keys.
const suffix = `${process.pid}_${Date.now()}`;
const [owner, login, name, other] = [`bk_owner_${suffix}`, `bk_login_${suffix}`, `bk_${suffix}`, `bk_other_${suffix}`];
const ROLES = 'lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup';

let database: TestDatabase;
let cli: CommandLine;
let production: Record<string, string>;

const urlOf = (user: string, of = name): string => database.url.replace(/^(postgres(?:ql)?:\/\/)[^/]*(\/)[^?]*/, `$1${user}@$2${of}`);

async function asSuperuser(statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  database = await createTestDatabase();
  cli = new CommandLine();
  await asSuperuser([
    `CREATE ROLE ${owner} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE`,
    `CREATE ROLE ${login} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE`,
    `GRANT ${ROLES} TO ${owner} WITH ADMIN OPTION`,
    `GRANT ${ROLES} TO ${login}`,
    `CREATE DATABASE ${name} OWNER ${owner}`,
    `CREATE DATABASE ${other} OWNER ${owner}`,
  ]);
  const key = join(cli.folder, 'production', 'root-key.json');
  await cli.run(['root-key', 'create', '--file', key]);
  production = {
    LETHE_ENV: 'production',
    LETHE_PROFILE: 'relay',
    LETHE_ROOT_KEY_FILE: key,
    DATABASE_URL: urlOf(login),
    DATABASE_OWNER_URL: urlOf(owner),
  };
  await cli.run(['migrate'], { env: production });
  await cli.run(['bootstrap'], { env: production });
});

afterAll(async () => {
  await asSuperuser([
    ...[name, other].map((each) => `DROP DATABASE IF EXISTS ${each} WITH (FORCE)`),
    `DROP OWNED BY ${owner}, ${login}`,
    `DROP ROLE ${login}`,
    `DROP ROLE ${owner}`,
  ]);
  await database.drop();
  cli.remove();
});

describe('D4: at the command line, with logins that are no superusers', () => {
  it('a backup is taken, listed without a database, tried, refused where it would replace something, and restored', async () => {
    const env = production;
    expect(await cli.run(['backup'], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^took .* \(data\): .*\ntook .* \(keys\)/),
    });
    const gone = { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/x', DATABASE_OWNER_URL: 'postgres://nobody@127.0.0.1:9/x' };
    const listed = JSON.parse((await cli.run(['backup', 'list', '--json'], { env: gone })).stdout) as Listed[];
    expect(listed.map(({ kind }) => kind)).toEqual(['data', 'keys']);
    const id = listed[0]?.id ?? '';
    expect(await cli.run(['drill'], { env })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sound: /) });
    expectSentence(await cli.run(['restore', id], { env }), 'not empty', '--yes');
    const into = ['restore', id, '--into', urlOf(owner, other), '--json'];
    const restored = await cli.run(into, { env: gone });
    expect(restored).toMatchObject({ code: 0, stderr: expect.stringContaining('start Lethe') });
    expect(JSON.parse(restored.stdout)).toMatchObject({ backup: id, keys: listed[1]?.id, expired: 0 });
    const schemas = [await schemaOf(urlOf(owner, other)), await schemaOf(urlOf(owner))];
    expect(schemas[0]).toEqual(schemas[1]);
    expect(await cli.run(['restore', id, '--yes'], { env })).toMatchObject({ code: 0 });
  });

  it('what cannot be done is said in one sentence', async () => {
    const env = production;
    expectSentence(await cli.run(['restore', '01980000-0000-7000-8000-000000000000'], { env }), 'No such backup');
    expect(await cli.run(['restore', 'latest'], { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('by its id') });
    expect(await cli.run(['backup', 'lisst'], { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('lethe backup list') });
    const [{ id } = { id: '' }] = JSON.parse((await cli.run(['backup', 'list', '--json'], { env })).stdout) as Listed[];
    const folder = join(cli.dataFolder, 'blobs', 'backups');
    const [installation = ''] = readdirSync(folder);
    const part = join(folder, installation, id, readdirSync(join(folder, installation, id)).at(-1) ?? '');
    writeFileSync(part, readFileSync(part).subarray(0, -1));
    expectSentence(await cli.run(['restore', id, '--yes'], { env }), 'damaged or cut short', 'Nothing was changed');
  });
});
