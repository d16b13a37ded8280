import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestAuditLog } from '../../../../../test/harness/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { keyOf, verifier } from '../../../../../test/harness/verifier.js';
import { ManualClock } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { createLogKeyFile, LogKey } from './log-key.js';

const clock = new ManualClock(Date.parse('2031-05-01T10:00:00Z'));

describe('a checkpoint', () => {
  let database: TestDatabase;
  let log: TestAuditLog;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  beforeEach(async () => {
    log = await TestAuditLog.open(database.url, { clock });
  });

  afterEach(() => log.close());
  afterAll(() => database.drop());

  it('O6: is signed when the log has grown, at most once in the time that is set', async () => {
    expect(await log.sign.run(60)).toBeNull();
    await log.record(null, 2);
    await log.sequence.run();
    const first = await log.sign.run(60);
    expect(first).toMatchObject({ size: 2, signedAt: clock.now() });
    await log.record(null, 1);
    await log.sequence.run();
    expect(await log.sign.run(60)).toBeNull();
    clock.advance(60_000);
    expect(await log.sign.run(60)).toMatchObject({ size: 3 });
    expect(await log.sign.run(0)).toBeNull();
    const key = keyOf(await log.verifierKey());
    expect(verifier.readCheckpoint(first?.note ?? '', [key], { alone: true, what: 'checkpoint' })).toMatchObject({ size: 2 });
    expect(await log.proofs.keys()).toEqual([{ verifierKey: await log.verifierKey(), firstUsedAt: first?.signedAt }]);
  });

  it('O6, D4: is not signed from a database that was set back behind what has been signed', async () => {
    await log.record(null, 5);
    const size = await log.seal();
    // As from a backup: the newest checkpoint is gone, and the log is then shorter, or goes on in another way.
    await log.owner.query('DELETE FROM audit_checkpoint WHERE size = $1', [size]);
    await log.owner.query('ALTER TABLE audit_tree DISABLE TRIGGER grows; UPDATE audit_tree SET size = size - 1');
    await expect(log.sign.run(0)).rejects.toThrow('audit/fork_refused');
    await log.owner.query('UPDATE audit_tree SET size = size + 1; ALTER TABLE audit_tree ENABLE TRIGGER grows');
    await log.owner.query('ALTER TABLE audit_tile DISABLE TRIGGER grows');
    const turn = (level: number) =>
      log.owner.query(
        `UPDATE audit_tile SET hashes = set_byte(hashes, length(hashes) - 1, get_byte(hashes, length(hashes) - 1) # 1) WHERE level = $1`,
        [level],
      );
    await turn(0);
    await expect(log.sign.run(0)).rejects.toThrow('audit/fork_refused');
    await turn(0);
    await log.owner.query('ALTER TABLE audit_tile ENABLE TRIGGER grows');
    expect(await log.sign.run(0)).toMatchObject({ size });
  });

  it('O6: is not signed when rows of the tree were changed since the last one, on a machine that remembers nothing either', async () => {
    await log.record(null, 4);
    await log.seal();
    await log.owner.query('ALTER TABLE audit_tile DISABLE TRIGGER grows');
    await log.owner.query('UPDATE audit_tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)');
    await log.record(null, 1);
    const elsewhere = await TestAuditLog.open(database.url, { clock, settings: { auditKey: log.signingKey() } });
    await elsewhere.sequence.run();
    expect(readdirSync(elsewhere.directory)).toEqual([]);
    await expect(elsewhere.sign.run(0)).rejects.toThrow('audit/fork_refused');
    await elsewhere.close();
    await log.owner.query('UPDATE audit_tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)');
    await log.owner.query('ALTER TABLE audit_tile ENABLE TRIGGER grows');
  });

  it('O6: is not signed by a worker whose memory of the last one was damaged, which must not pass for having none', async () => {
    await log.record(null, 1);
    await log.seal();
    await log.record(null, 1);
    await log.sequence.run();
    const path = join(log.directory, 'audit-log', `${(await log.key.signer()).keyId}.checkpoint`);
    const note = readFileSync(path, 'utf8');
    for (const damaged of ['', note.slice(0, 20), note.slice(0, -10), note.replace(/^\d+$/m, '1')]) {
      writeFileSync(path, damaged);
      await expect(log.sign.run(0)).rejects.toThrow('audit/memory_damaged');
    }
    writeFileSync(path, note);
    expect(await log.sign.run(0)).not.toBeNull();
  });

  it('two signers at once make one checkpoint of a size', async () => {
    await log.key.signer();
    await log.record(null, 3);
    await log.sequence.run();
    const second = await TestAuditLog.open(database.url, { clock, settings: { auditKey: log.signingKey() } });
    await Promise.all([log.sign.run(0), second.sign.run(0), log.sign.run(0)]);
    const size = (await log.proofs.checkpoint()).size;
    expect(await log.rows('SELECT FROM audit_checkpoint WHERE size = $1', [size])).toHaveLength(1);
    await second.close();
  });
});

describe('the signing key', () => {
  const folders: string[] = [];

  afterAll(() => {
    for (const each of folders) rmSync(each, { recursive: true });
  });

  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), 'lethe-key-'));
    folders.push(made);
    return made;
  }

  function keyWith(settings: Partial<Settings>): LogKey {
    return new LogKey(Object.assign(new Settings(), settings));
  }

  it('is made on the first run in development, of mode 0600, once', async () => {
    const dataDirectory = folder();
    const [one, two] = await Promise.all([keyWith({ dataDirectory }).signer(), keyWith({ dataDirectory }).signer()]);
    const path = join(dataDirectory, 'audit-log.key');
    expect(one.verifierKey).toBe(two.verifierKey);
    expect(one.verifierKey).toMatch(/^localhost\/lethe-audit\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^PRIVATE\+KEY\+localhost\/lethe-audit\+\S+\n$/);
    expect(readdirSync(dataDirectory)).toEqual(['audit-log.key']);
    expect(await createLogKeyFile(path, 'other.example/log')).toBe(false);
    chmodSync(path, 0o644);
    await expect(keyWith({ dataDirectory }).signer()).rejects.toMatchObject({ publicMessage: expect.stringContaining('chmod 600') });
  });

  it('is never made in production: a worker does not start without it, other roles do not need it', async () => {
    const production = { environment: 'production', dataDirectory: folder() } as const;
    await expect(keyWith(production).onModuleInit()).rejects.toThrow('audit/no_signing_key');
    await expect(keyWith({ ...production, auditKey: 'PRIVATE+KEY+nonsense' }).onModuleInit()).rejects.toThrow('audit/invalid_signing_key');
    await keyWith({ ...production, roles: ['api', 'gateway'] }).onModuleInit();
    expect(existsSync(join(production.dataDirectory, 'audit-log.key'))).toBe(false);
    const damaged = folder();
    writeFileSync(join(damaged, 'audit-log.key'), 'PRIVATE+KEY+cut', { mode: 0o600 });
    await expect(keyWith({ dataDirectory: damaged }).signer()).rejects.toThrow('audit/invalid_signing_key');
  });
});
