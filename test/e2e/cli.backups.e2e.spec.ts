import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
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

/** Answers the rows of the last statement. */
async function asSuperuser(statements: readonly string[], of?: string): Promise<{ oid?: string }[]> {
  const url = of === undefined ? database.url : database.url.replace(/(\/)[^/?]*(\?|$)/, `$1${of}$2`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let rows: { oid?: string }[] = [];
  for (const statement of statements) ({ rows } = await client.query<{ oid?: string }>(statement));
  await client.end();
  return rows;
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
  });

  it('a drill without a server of its own says so, and where it is allowed uses a database beside that one, of which nothing is left', async () => {
    const hook = pathToFileURL(resolve('test/harness/without-embedded-postgres.mjs')).href;
    const image = { ...production, NODE_OPTIONS: `--import=${hook}` };
    const allowed = { ...image, LETHE_BACKUP_DRILL_ON_SERVER: 'true' };
    expectSentence(await cli.run(['drill'], { env: image }), 'brings no PostgreSQL server', '--into', 'LETHE_BACKUP_DRILL_ON_SERVER');
    expectSentence(await cli.run(['drill'], { env: allowed }), 'ALTER ROLE <the login> CREATEDB', '--into');
    await asSuperuser([`ALTER ROLE ${owner} CREATEDB`]);
    const [{ oid } = { oid: '' }] = await asSuperuser([`SELECT oid FROM pg_database WHERE datname = '${name}'`]);
    // What a drill that was killed has left.
    await asSuperuser([`CREATE DATABASE lethe_drill_${oid} OWNER ${owner}`]);
    expect(await cli.run(['drill'], { env: allowed })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sound: /) });
    expect(await asSuperuser([`SELECT FROM pg_database WHERE datname = 'lethe_drill_${oid}'`])).toEqual([]);
    expect(readdirSync(cli.dataFolder)).not.toContain('drill');
  });

  it('the doctor tries the blob store, the key of the backups, their age and their drill', async () => {
    const said = async (more: Record<string, string> = {}) => (await cli.run(['doctor'], { env: { ...production, ...more } })).stdout;
    const fine = await said();
    expect(fine).toMatch(/^ok {5}blob store: .*listed, written, read and deleted from/m);
    for (const found of ['backups', 'backups of keys', 'backup key', 'backup drill'])
      expect(fine).toMatch(new RegExp(`^ok {5}${found}: `, 'm'));
    expect(readdirSync(join(cli.dataFolder, 'blobs', 'backups')).filter((each) => each.startsWith('doctor-'))).toEqual([]);
    const another = join(cli.folder, 'another', 'root-key.json');
    await cli.run(['root-key', 'create', '--file', another]);
    expect(await said({ LETHE_ROOT_KEY_FILE: another })).toMatch(
      /^error {2}backup key: .*root key local:\S+, which does not open it here/m,
    );
    await asSuperuser([`UPDATE backup SET taken_at = taken_at - interval '2 days'`], name);
    const late = await said();
    expect(late).toMatch(/^error {2}backups: The newest is of .*due every 24 hours/m);
    await asSuperuser([`UPDATE backup SET taken_at = taken_at + interval '4 days', sound = false`], name);
    expect(await said()).toMatch(/^error {2}backups: A backup says it is of .*one of the two was wrong/m);
    await asSuperuser([`UPDATE backup SET taken_at = taken_at - interval '2 days', sound = NULL`], name);
    expect(await said()).toMatch(/^warn {3}backup drill: No backup there is/m);
    expect(await said({ LETHE_BLOB_DIR: production['LETHE_ROOT_KEY_FILE'] ?? '' })).toMatch(
      /^error {2}blob store: The blob folder .* cannot be used/m,
    );
  });

  it('a restore replaces the database the backup was taken from, where that is wanted', async () => {
    const env = production;
    const [{ id } = { id: '' }] = JSON.parse((await cli.run(['backup', 'list', '--json'], { env })).stdout) as Listed[];
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
