import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acquireDirectoryLock } from '../../src/platform/database/embedded-directory-lock.js';
import { CommandLine, expectSentence } from '../harness/command-line.js';
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

describe('the command line', () => {
  it('explains itself without settings and without a database', async () => {
    const { code, stdout } = await cli.run(['--help'], { env: { LETHE_PORT: 'abc' } });
    expect(code).toBe(0);
    for (const command of [
      'start',
      'migrate',
      'bootstrap',
      'keys',
      'credentials',
      'staff',
      'root-key',
      'audit-log',
      'verify',
      'doctor',
      'generate',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect((await cli.run(['credentials', 'add', '--help'])).stdout).toContain('--secret-file <path>');
  });

  it('ends with 2 when the command line itself is wrong, and says what would be right', async () => {
    const mistakes: [string[], string][] = [
      [['bootstarp'], "unknown command 'bootstarp'"],
      [['keys', 'create'], "required option '-n, --name <name>' not specified"],
      [['keys', 'list', '-o', 'demo', '--jsn'], 'Did you mean --json?'],
      [['keys', 'revoke', '-o', 'demo', 'the-old-one'], 'Name the key by its id'],
      [['keys', 'create', '-o', 'demo', '-n', 'x', '--scope', 'everything'], '--scope is one of inference:invoke'],
      [['keys'], 'Usage: lethe keys'],
    ];
    await Promise.all(
      mistakes.map(async ([args, sentence]) =>
        expect(await cli.run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) }),
      ),
    );
  });

  it('says in one sentence which setting is wrong', async () => {
    expectSentence(await cli.run(['start'], { env: { LETHE_PORT: 'abc' } }), 'LETHE_PORT');
    expectSentence(await cli.run(['migrate'], { env: { LETHE_PROT: '8081' } }), 'LETHE_PROT is not a setting of Lethe');
    expectSentence(
      await cli.run(['start'], { env: { LETHE_ENV: 'production' } }),
      'DATABASE_URL must be set in production',
      'LETHE_ROOT_KEY_FILE must be set',
    );
  });

  it('K2: says in one sentence that the database cannot be reached, without its password', async () => {
    const outcome = await cli.run(['migrate'], { env: { DATABASE_URL: 'postgresql://lethe:hunter2hunter2@127.0.0.1:1/lethe' } });
    expectSentence(outcome, 'database cannot be reached', 'ECONNREFUSED');
    expect(outcome.stderr).not.toContain('hunter2');
  });

  it('says in one sentence that a Lethe runs from this folder already', async () => {
    const data = join(cli.folder, 'taken');
    const lock = acquireDirectoryLock(data);
    expectSentence(
      await cli.run(['start'], { env: { LETHE_DATA_DIR: data } }),
      'already runs from this folder',
      String(process.pid),
      'LETHE_DATA_DIR',
    );
    lock.release();
  });

  it('writes the generated documents without settings or a database, the same each time', async () => {
    const folders = [join(cli.folder, 'one'), join(cli.folder, 'two')];
    for (const out of folders) expect(await cli.run(['generate', '--out', out], { env: { LETHE_PORT: 'abc' } })).toMatchObject({ code: 0 });
    const [one = [], two] = folders.map((out) =>
      readdirSync(out, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => [name, textOf(join(out, name))]),
    );
    expect(one.map(([name]) => name)).toEqual([
      'docs',
      'docs/configuration.md',
      'docs/data-inventory.json',
      'docs/data-inventory.md',
      'docs/data-inventory.schema.json',
      'docs/errors.md',
      'docs/permissions.md',
      'openapi.json',
    ]);
    expect(one).toEqual(two);
    expect(Object.keys((JSON.parse(textOf(join(cli.folder, 'one', 'openapi.json'))) as { paths: object }).paths)).toContain(
      '/v1/chat/completions',
    );
  });
});

describe('lethe start', () => {
  let stranger: Server;
  afterAll(() => stranger.close());

  it('says in one sentence that the port is taken', async () => {
    stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const env = { DATABASE_URL: database.url, LETHE_PORT: String(port), LETHE_LOG_LEVEL: 'silent', LETHE_BOOTSTRAP: 'never' };
    expectSentence(await cli.run(['start'], { env }), `Port ${port} on 127.0.0.1 is taken`, 'LETHE_PORT');
    expect((await cli.run(['doctor'], { env })).stdout).toContain(`error  port: Port ${port} on 127.0.0.1 is taken by another program.`);
  });
});

function textOf(path: string): string {
  return statSync(path).isDirectory() ? '' : readFileSync(path, 'utf8');
}
