import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine, expectSentence } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

const PROVIDER_KEY = 'sk-test-0123456789abcdefghij';
const OTHER_KEY = 'sk-test-zyxwvutsrqponmlkjihg';

let database: TestDatabase;
let cli: CommandLine;

beforeAll(async () => {
  database = await createTestDatabase();
  cli = new CommandLine({ DATABASE_URL: database.url });
});

afterAll(async () => {
  await database.drop();
  cli.remove();
});

/** One installation, from its first migration on; each step builds on those before it. */
describe('an operator at the command line', () => {
  let keyId: string;

  it('migrates, twice without harm', async () => {
    expect(await cli.run(['migrate'])).toMatchObject({ code: 0, stderr: '' });
    expect(await cli.run(['migrate', '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('"applied": []') });
  });

  it('sets the installation up, is refused a second time, and can have a new token', async () => {
    const { code, stdout } = await cli.run(['bootstrap', '--json']);
    expect(code).toBe(0);
    const made = JSON.parse(stdout) as Record<string, string>;
    expect(made).toMatchObject({
      operatorToken: expect.stringMatching(/^lethe_op_/),
      apiKey: expect.stringMatching(/^lethe_sk_/),
      model: 'gpt-4o-mini',
    });
    expect(JSON.parse(readFileSync(join(cli.dataFolder, 'bootstrap.json'), 'utf8'))).toEqual(made);
    expectSentence(await cli.run(['bootstrap']), 'has an operator already', '--renew');
    expect((await cli.run(['bootstrap', '--renew'])).stdout).toMatch(/^Operator token, shown this once: lethe_op_\w+\n$/);
  });

  it('K4: makes a key whose secret alone is on standard output, and lists it without', async () => {
    const made = await cli.run([
      'keys',
      'create',
      '-o',
      'demo',
      '-n',
      'ci',
      '--scope',
      'inference:invoke',
      'usage:read',
      '--expires-in-days',
      '7',
    ]);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^lethe_sk_\w+\n$/);
    const keys = JSON.parse((await cli.run(['keys', 'list', '-o', 'demo', '--json'])).stdout) as {
      id: string;
      name: string;
      scopes: string[];
    }[];
    expect(keys.map(({ name }) => name)).toEqual(['First key', 'ci']);
    expect(keys[1]).toMatchObject({ scopes: ['inference:invoke', 'usage:read'] });
    expect(JSON.stringify(keys)).not.toContain(made.stdout.trim());
    keyId = keys[1]?.id ?? '';
  });

  it('K4: revokes a key', async () => {
    expect(await cli.run(['keys', 'revoke', '-o', 'demo', keyId])).toMatchObject({ code: 0, stdout: `revoked ${keyId}\n` });
    expect((await cli.run(['keys', 'list', '-o', 'demo'])).stdout).toMatch(/\bci\b.*\brevoked\b/);
  });

  it('says in one sentence what does not exist', async () => {
    expectSentence(await cli.run(['keys', 'list', '-o', 'nobody']), 'There is no organisation "nobody".');
    expectSentence(await cli.run(['keys', 'create', '-o', 'demo', '-n', 'x', '-p', 'nothing']), 'no project "nothing"');
    expectSentence(
      await cli.run(['credentials', 'rotate', '-o', 'demo', '-n', 'nothing'], { stdin: OTHER_KEY }),
      'no credential "nothing"',
    );
    expectSentence(await cli.run(['keys', 'revoke', '-o', 'demo', '01890000-0000-7000-8000-000000000000']), 'no such API key');
  });

  it('K2: takes a provider key from standard input or a file, and shows it nowhere', async () => {
    const file = join(cli.folder, 'provider-key');
    writeFileSync(file, `${PROVIDER_KEY}\n`, { mode: 0o600 });
    const outcomes = [
      await cli.run(['credentials', 'add', '-o', 'demo', '-n', 'piped', '--provider', 'openai', '--json'], { stdin: `${PROVIDER_KEY}\n` }),
      await cli.run(['credentials', 'add', '-o', 'demo', '-n', 'from a file', '--provider', 'openai', '--secret-file', file]),
      await cli.run(['credentials', 'rotate', '-o', 'demo', '-n', 'piped'], { stdin: OTHER_KEY }),
      await cli.run(['credentials', 'list', '-o', 'demo']),
    ];
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(outcomes[3]?.stdout).toMatch(/\bpiped\b.*…ihg|…jihg/);
    for (const { stdout, stderr } of outcomes) {
      expect(`${stdout}${stderr}`).not.toContain(PROVIDER_KEY);
      expect(`${stdout}${stderr}`).not.toContain(OTHER_KEY);
    }
  });

  it('refuses a provider key that is none, and never repeats it', async () => {
    for (const secret of ['', 'short', 'two words of it']) {
      const { code, stderr } = await cli.run(['credentials', 'add', '-o', 'demo', '-n', 'bad', '--provider', 'openai'], { stdin: secret });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^lethe: .*secret.*\n$/i);
      if (secret !== '') expect(stderr).not.toContain(secret);
    }
  });

  it('K3: rotates the root key and moves the credentials to it', async () => {
    const path = join(cli.dataFolder, 'root-key.json');
    expectSentence(await cli.run(['root-key', 'create']), 'is there already');
    expect(await cli.run(['root-key', 'rotate'])).toMatchObject({ code: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await cli.run(['credentials', 'rewrap', '--json'])).stdout)).toEqual({
      rewrapped: 3,
      overtaken: 0,
      unreadable: 0,
    });
    expect(JSON.parse((await cli.run(['credentials', 'rewrap', '--json'])).stdout)).toMatchObject({ rewrapped: 0 });
  });

  it('makes a root key of mode 0600 where it is told to', async () => {
    const path = join(cli.folder, 'elsewhere', 'root-key.json');
    expect(await cli.run(['root-key', 'create', '--file', path])).toMatchObject({ code: 0, stdout: `made ${path}\n` });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves an audit trail that names the command line (O6)', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ action: string }>(
      `SELECT DISTINCT action FROM audit_event WHERE actor_kind = 'system' AND actor_id = 'cli'`,
    );
    await client.end();
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['api_key.created', 'api_key.revoked', 'credential.issued', 'credential.rotated', 'operator.created']),
    );
  });
});

describe('lethe doctor', () => {
  it('finds nothing wrong with the installation above', async () => {
    const { code, stdout } = await cli.run(['doctor', '--json']);
    const report = JSON.parse(stdout) as { errors: number; findings: { level: string; subject: string }[] };
    expect(report.findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(report.findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'node',
        'settings',
        'data folder',
        'root key',
        'journal',
        'port',
        'redis',
        'database',
        'clock',
        'database login',
        'partitions',
        'credentials',
        'routes',
      ]),
    );
    expect(code).toBe(0);
  });

  it('names what is broken and what to do, and ends with 1', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`UPDATE provider_credential SET status = 'disabled' WHERE provider = 'stand_in'`);
    await client.query(
      `UPDATE provider_credential SET ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1) WHERE name = 'piped'`,
    );
    await client.query(`UPDATE route SET model = 'a-model-nobody-knows'`);
    await client.query(
      `DO $$ BEGIN EXECUTE format('DROP TABLE call_record_p%s', to_char((now() AT TIME ZONE 'UTC')::date + 30, 'YYYYMMDD')); END $$`,
    );
    await client.end();
    const { code, stdout } = await cli.run(['doctor']);
    for (const finding of [
      /^error {2}partitions: .*call_record_p\d{8}/m,
      /^error {2}credential demo\/piped: .*cannot be opened/m,
      /^error {2}route demo\/a-model-nobody-knows: All its targets/m,
      /^warn {3}price of stand_in\/a-model-nobody-knows:/m,
    ]) {
      expect(stdout).toMatch(finding);
    }
    expect(stdout).toMatch(/→ .*lethe credentials rotate --organisation demo --name 'piped'/);
    expect(code).toBe(1);
  });

  it('A3: warns in production about a login that could see every tenant', async () => {
    const path = join(cli.dataFolder, 'root-key.json');
    const { stdout } = await cli.run(['doctor'], {
      env: { DATABASE_URL: database.url, LETHE_ENV: 'production', LETHE_PROFILE: 'relay', LETHE_ROOT_KEY_FILE: path },
    });
    expect(stdout).toMatch(/^warn {3}database login: .*superuser/m);
    expect(stdout).toMatch(/^warn {3}root key:/m);
  });

  it('goes on past what it cannot reach, and starts nothing', async () => {
    const data = join(cli.folder, 'untouched');
    const fresh = await cli.run(['doctor'], { env: { LETHE_DATA_DIR: data, DATABASE_URL: '' } });
    expect(fresh.stdout).toContain('set up at the first start');
    const keyless = await cli.run(['doctor'], { env: { LETHE_DATA_DIR: data } });
    expect(keyless.stdout).toMatch(/^error {2}credentials: .* the root key they were wrapped with is not there/m);
    expect(existsSync(data)).toBe(false);
    const closed = join(cli.dataFolder, 'root-key.json');
    chmodSync(closed, 0o644);
    const { code, stdout } = await cli.run(['doctor'], {
      env: { DATABASE_URL: 'postgresql://127.0.0.1:1/lethe', REDIS_URL: 'redis://127.0.0.1:1' },
    });
    chmodSync(closed, 0o600);
    expect(stdout).toMatch(/^error {2}root key: .*chmod 600/m);
    expect(stdout).toMatch(/^error {2}redis: .*ECONNREFUSED/m);
    expect(stdout).toMatch(/^error {2}database: .*ECONNREFUSED/m);
    expect(code).toBe(1);
  });

  it('says which setting is wrong', async () => {
    const { code, stdout } = await cli.run(['doctor'], { env: { LETHE_PORT: 'abc' } });
    expect(stdout).toMatch(/^error {2}settings: LETHE_PORT/m);
    expect(code).toBe(1);
  });
});
