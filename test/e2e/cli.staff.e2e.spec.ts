import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine, expectSentence } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each step starts a process, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

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

describe('lethe staff', () => {
  it('A4: adds, invites, gives a token with an end, disables and lists, and shows no hash', async () => {
    expect(await cli.run(['staff', 'add', '-n', 'Ada', '-r', 'administrator'])).toMatchObject({
      code: 0,
      stdout: 'added Ada, administrator\n',
    });
    expectSentence(await cli.run(['staff', 'add', '-n', 'Ada', '-r', 'support']), 'Another operator has this name');
    const invited = await cli.run(['staff', 'invite', '-n', 'Ada']);
    expect(invited).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[\w-]{43}\n$/),
      stderr: expect.stringContaining('valid until'),
    });
    const token = await cli.run(['staff', 'token', '-n', 'Ada', '--expires-in-days', '30', '--json']);
    const made = JSON.parse(token.stdout) as { token: string; expiresAt: string };
    expect(made.token).toMatch(/^lethe_op_\w{49}$/);
    expect(Date.parse(made.expiresAt) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    expectSentence(await cli.run(['staff', 'change', '-n', 'Ada', '--disable']), 'The last active administrator stays one');
    const listed = await cli.run(['staff', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ name: 'Ada', role: 'administrator', status: 'active', accountId: null }]);
    for (const secret of [invited.stdout.trim(), made.token, 'ash']) expect(listed.stdout).not.toContain(secret);
    expect((await cli.run(['staff', 'revoke-tokens', '-n', 'Ada'])).stdout).toBe('revoked 1\n');
  });
});
