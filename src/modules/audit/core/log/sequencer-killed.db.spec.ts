import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestAuditLog } from '../../../../../test/harness/audit-log.js';
import { DyingUnitOfWork, Killed } from '../../../../../test/harness/dying-unit-of-work.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/postgres.js';
import { refusalOf } from '../../../../../test/harness/verifier.js';
import { SystemClock } from '../../../../kernel/clock.js';
import { newId, type OrganisationId } from '../../../../kernel/ids.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { SequenceEvents } from './sequence-events.js';
import { SignCheckpoint } from './sign-checkpoint.js';
import { SignedMemory } from './signed-memory.js';

const mine = newId<OrganisationId>();
const harness = (file: string) => fileURLToPath(new URL(`../../../../../test/harness/${file}`, import.meta.url));

let database: TestDatabase;
let log: TestAuditLog;

beforeAll(async () => {
  database = await createTestDatabase();
  log = await TestAuditLog.open(database.url);
});

afterAll(async () => {
  await log.close();
  await database.drop();
});

describe('a sequencer that is killed', () => {
  it('O6: at any step of sequencing and signing loses nothing, doubles nothing, and the log goes on', async () => {
    let step = 0;
    for (let died = true; died; ) {
      step += 1;
      await log.record(step % 3 === 0 ? null : mine, 2);
      const unitOfWork = new DyingUnitOfWork(log.unitOfWork, log.owner, step);
      const signer = new CheckpointSigner(log.key, new SignedMemory(log.settings));
      const attempt = async () => {
        await new SequenceEvents(unitOfWork, log.tables).run();
        await new SignCheckpoint(unitOfWork, log.tables, signer, new SystemClock()).run(0);
      };
      died = await attempt().then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
    }
    expect(step).toBeGreaterThan(15);
    expect(await log.seal()).toBe(2 * step);
    await log.audit();
    const sizes = await log.rows<{ size: string }>('SELECT size FROM audit_checkpoint ORDER BY size');
    const since = Number(sizes[0]?.size);
    expect(refusalOf(await log.bundles.run(undefined, { limit: 500, since }), await log.verifierKey())).toBeNull();
  });

  it('O6: with kill -9 of whole processes, two at a time, while events are recorded', { timeout: 60_000 }, async () => {
    const before = (await log.audit()).events;
    const children: ChildProcess[] = [];
    const start = async () => {
      const settings = JSON.stringify({ url: database.url, directory: log.directory });
      const child = spawn(process.execPath, ['--import', harness('queue-worker-hook.mjs'), harness('sequencer-process.ts'), settings]);
      children.push(child);
      await once(child.stdout, 'data');
      return child;
    };
    try {
      let recorded = 0;
      const [one, two] = await Promise.all([start(), start()]);
      for (let round = 0; round < 60; round += 1) {
        const count = 1 + (round % 7);
        await log.record(mine, count);
        recorded += count;
        if (round === 20) one.kill('SIGKILL');
        if (round === 45) two.kill('SIGKILL');
      }
      const size = await log.seal();
      expect(size).toBe(before + recorded);
      await log.audit();
      expect((await log.rows('SELECT FROM audit_checkpoint')).length).toBeGreaterThan(3);
      expect(refusalOf(await log.bundles.run(undefined, { from: before, limit: 500, since: before }), await log.verifierKey())).toBeNull();
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });
});
