import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine, expectSentence } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
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

const under = (profile: string) => ({ env: { LETHE_PROFILE: profile } });

describe('policy profiles at the command line', () => {
  it('are shown with every window and its reason, and checked when they are an operator’s own', async () => {
    const shown = await cli.run(['profile', 'show', 'enterprise']);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toMatch(/request_metadata +7 +30 +60 +90 +less, enterprise up to 731/);
    const path = join(cli.folder, 'mine.yaml');
    writeFileSync(path, readFileSync('profiles/relay.yaml', 'utf8').replace('backup: P30D', 'backup: 30'));
    expectSentence(await cli.run(['profile', 'show', path]), 'windows.backup must be `none` or a period with its unit');
    expectSentence(await cli.run(['profile', 'show', 'forever']), 'there are enterprise, federated-credits');
  });

  it('the first is put in force; another one only after its consequences were shown and agreed to', async () => {
    expect(await cli.run(['profile', 'apply'], under('enterprise'))).toMatchObject({ code: 0, stdout: 'the profile is in force\n' });
    expectSentence(await cli.run(['staff', 'list'], under('zero-retention')), 'in force is enterprise', 'lethe profile apply');
    const doctor = await cli.run(['doctor'], under('zero-retention'));
    expect(doctor.stdout).toMatch(/policy.*in force is enterprise/);

    const dry = await cli.run(['profile', 'apply', '--dry-run'], under('zero-retention'));
    expect([dry.code, dry.stdout]).toEqual([0, 'nothing was changed\n']);
    expect(dry.stderr).toMatch(/payload +team +60 +never +nothing is written any more, and what is stored goes within a day/);
    expect(dry.stderr).toMatch(/request_metadata +free +7 +30 +what is stored keeps its date/);

    const nobody = await cli.run(['profile', 'apply'], under('zero-retention'));
    expect([nobody.code, nobody.stdout]).toEqual([2, '']);
    expect(nobody.stderr).toContain('run it again with --yes');

    const agreed = await cli.run(['profile', 'apply', '--yes', '--json'], under('zero-retention'));
    expect(JSON.parse(agreed.stdout)).toMatchObject({ applied: true });
    expect((await cli.run(['staff', 'list'], under('zero-retention'))).stderr).not.toContain('in force is');
    expect(await cli.run(['profile', 'apply', '--yes'], under('zero-retention'))).toMatchObject({
      code: 0,
      stdout: 'nothing was changed\n',
    });
  });
});
