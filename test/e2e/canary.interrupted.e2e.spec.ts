import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryLockHolder } from '../../src/platform/database/embedded-directory-lock.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILE = fileURLToPath(new URL('../harness/canary/brief.yaml', import.meta.url));
/** Where `/tmp` is; elsewhere the folders of runs are somewhere else. */
const HOME = '/tmp';

const begun: ChildProcess[] = [];
afterEach(() => {
  for (const child of begun.splice(0)) child.kill('SIGTERM');
});

/** A run that has claimed its folder. */
async function beginRun(): Promise<{ readonly child: ChildProcess; readonly folder: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'canary', '--profile', PROFILE], { stdio: 'ignore' });
  begun.push(child);
  const claimed = (): string | undefined =>
    readdirSync(HOME)
      .filter((name) => name.startsWith('lethe-canary-'))
      .map((name) => join(HOME, name))
      .find((folder) => directoryLockHolder(folder) === child.pid);
  await expect.poll(claimed, { timeout: 30_000, interval: 5 }).toBeDefined();
  return { child, folder: claimed() ?? '' };
}

/** Processes that work in a folder or below it. */
function processesIn(folder: string): number[] {
  const worksThere = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
    } catch {
      // It has ended, or is another account's.
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && worksThere(name))
    .map(Number);
}

describe.skipIf(process.platform !== 'linux')('a run of the canaries that is cut short (needs /proc)', () => {
  it.each([
    ['SIGINT', 'while words are planted'],
    ['SIGTERM', 'while its database is being made'],
  ] as const)(
    'by %s %s leaves no server and no file behind',
    async (signal, when) => {
      const { child, folder } = await beginRun();
      if (when === 'while words are planted') {
        await expect.poll(() => existsSync(join(folder, 'data', 'outbox-mail')), { timeout: 60_000 }).toBe(true);
        expect(processesIn(folder).length).toBeGreaterThan(0);
      }
      const exit = once(child, 'exit');
      child.kill(signal);
      expect(await exit).toEqual([128 + constants.signals[signal], null]);
      expect(existsSync(folder)).toBe(false);
      await expect.poll(() => processesIn(folder), { timeout: 5_000 }).toEqual([]);
    },
    90_000,
  );

  it('by a kill that nothing can answer is cleared away by the next run', async () => {
    const { child, folder } = await beginRun();
    await expect.poll(() => processesIn(folder).length, { timeout: 60_000 }).toBeGreaterThan(2);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    expect(existsSync(folder)).toBe(true);
    const next = await beginRun();
    expect([existsSync(folder), processesIn(folder)]).toEqual([false, []]);
    const end = once(next.child, 'exit');
    next.child.kill('SIGINT');
    await end;
    expect(existsSync(next.folder)).toBe(false);
  }, 90_000);
});
