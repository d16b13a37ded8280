import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestAuditLog } from '../harness/audit-log.js';
import { CommandLine, expectSentence } from '../harness/command-line.js';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.js';

/** Each test starts several processes, on a machine that may be busy with other tests. */
vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let cli: CommandLine;
let log: TestAuditLog;

beforeAll(async () => {
  database = await createTestDatabase();
  cli = new CommandLine({ DATABASE_URL: database.url });
  log = await TestAuditLog.open(database.url);
});

afterAll(async () => {
  await log.close();
  await database.drop();
  cli.remove();
});

describe('the audit log at the command line', () => {
  it('O6: makes a signing key of mode 0600 where it is told to, and never another over it', async () => {
    const path = join(cli.folder, 'keys', 'audit.key');
    const create = ['audit-log', 'create-key', '--name', 'lethe.example/audit', '--file', path];
    expect(await cli.run(create)).toMatchObject({ code: 0, stdout: `made ${path}\n` });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^PRIVATE\+KEY\+lethe\.example\/audit\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\n$/);
    expectSentence(await cli.run(create), 'is there already');
  });

  it('O6: exports a bundle that `lethe verify` checks, with the key that `show` prints', async () => {
    await log.record(null, 3);
    await log.seal();
    const seen = join(cli.folder, 'seen.txt');
    writeFileSync(seen, (await log.proofs.checkpoint()).note);
    await log.record(null, 2);
    await log.seal();
    const { stdout } = await cli.run(['audit-log', 'show', '--json']);
    const { verifierKey, size } = JSON.parse(stdout) as { verifierKey: string; size: number };
    expect([verifierKey, size]).toEqual([await log.verifierKey(), 5]);
    const bundle = join(cli.folder, 'bundle.json');
    expect(await cli.run(['audit-log', 'export', '--since', '3', '--out', bundle])).toMatchObject({ code: 0, stdout: '' });
    expect(await cli.run(['verify', bundle, '--key', verifierKey, '--checkpoint', seen])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('verified: leaves 0 to 4, none missing between them'),
    });
    writeFileSync(bundle, readFileSync(bundle, 'utf8').replace('thing.changed', 'thing.chanGed'));
    expect(await cli.run(['verify', bundle, '--key', verifierKey])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^REFUSED: Entry 1 was edited: .*\.\n$/),
    });
    expectSentence(await cli.run(['audit-log', 'export', '--since', '4']), 'No checkpoint of this size');
  });

  it('O6: the doctor says when events wait for a checkpoint too long, and when publishing fails', async () => {
    const env = { DATABASE_URL: database.url, LETHE_AUDIT_PUBLISH_FILE: '/var/audit.txt' };
    await log.record(null, 1);
    await log.owner.query(`UPDATE audit_event SET occurred_at = now() - interval '20 minutes'`);
    await log.owner.query(`INSERT INTO audit_publication VALUES ('file:/var/audit.txt', 3, now(), now() - interval '2 hours', 'EACCES')`);
    const { code, stdout } = await cli.run(['doctor'], { env });
    expect(stdout).toMatch(/^error {2}audit log: .*events wait for one since/m);
    expect(stdout).toMatch(/^error {2}audit publishing: Checkpoints have not reached the file .*EACCES/m);
    expect(code).toBe(1);
  });
});
