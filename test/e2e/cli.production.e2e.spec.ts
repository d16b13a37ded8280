import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let cli: CommandLine;

beforeAll(async () => {
  database = await createTestDatabase();
  cli = new CommandLine();
});

afterAll(async () => {
  await database.drop();
  cli.remove();
});

describe('an installation whose serving login owns nothing', () => {
  const suffix = `${process.pid}_${Date.now()}`;
  const [owner, login, name] = [`cli_owner_${suffix}`, `cli_login_${suffix}`, `cli_${suffix}`];
  const urlOf = (user: string): string => database.url.replace(/^(postgres(?:ql)?:\/\/)[^/]*(\/)[^?]*/, `$1${user}@$2${name}`);

  async function asSuperuser(statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  // The statements of deploy/postgres-logins.sh.
  beforeAll(() =>
    asSuperuser([
      `CREATE ROLE ${owner} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE`,
      `CREATE ROLE ${login} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE`,
      `GRANT lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup TO ${owner} WITH ADMIN OPTION`,
      `GRANT lethe_app, lethe_system, lethe_content, lethe_queue, lethe_backup TO ${login}`,
      `CREATE DATABASE ${name} OWNER ${owner}`,
    ]),
  );

  afterAll(() =>
    asSuperuser([
      `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
      `DROP OWNED BY ${owner}, ${login}`,
      `DROP ROLE ${login}`,
      `DROP ROLE ${owner}`,
    ]),
  );

  it('A3: is migrated by its owner, then set up and examined through the serving login alone', async () => {
    const key = join(cli.folder, 'production', 'root-key.json');
    await cli.run(['root-key', 'create', '--file', key]);
    const production = {
      LETHE_ENV: 'production',
      LETHE_PROFILE: 'relay',
      LETHE_ROOT_KEY_FILE: key,
      DATABASE_URL: urlOf(login),
      LETHE_MIGRATE: 'never',
    };
    expect(await cli.run(['migrate'], { env: { ...production, DATABASE_OWNER_URL: urlOf(owner) } })).toMatchObject({ code: 0, stderr: '' });
    const made = await cli.run(['bootstrap'], { env: production });
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Operator token, shown this once: lethe_op_/), stderr: '' });
    const { stdout } = await cli.run(['doctor'], { env: production });
    expect(stdout).toMatch(/^ok {5}database login: .* owns nothing/m);
    expect(stdout).toMatch(/^warn {3}operators: They may act from anywhere on the internet/m);
    expect(stdout).toMatch(/^warn {3}operator tokens: 1 work until/m);
    expect(stdout).not.toMatch(/^error/m);
  });
});
