import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournalShelf } from './journal-shelf.js';

const LINE = '{"intent":{"id":"left"}}\n';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-shelf-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function leftBy(instance: string): string {
  const folder = join(directory, instance);
  mkdirSync(folder);
  writeFileSync(join(folder, '0000000001.jsonl'), LINE);
  return folder;
}

describe('the journals of one machine', () => {
  it('U3: what a dead process left is claimed by the next, once', async () => {
    leftBy('dead');
    const first = openJournalShelf(directory, 'first');
    const second = openJournalShelf(directory, 'second');
    expect(first.orphans).toHaveLength(1);
    expect(second.orphans).toHaveLength(0);
    expect((await first.orphans[0]?.journal.takeOldest())?.entries).toHaveLength(1);
    for (const claimed of [first.own, second.own, ...first.orphans]) claimed.lock.release();
  });

  it('that of a live process is left alone until the process is gone', async () => {
    const folder = leftBy('live');
    const lockModule = new URL('../../../platform/database/embedded-directory-lock.ts', import.meta.url).href;
    const hook = fileURLToPath(new URL('../../../../test/harness/queue-worker-hook.mjs', import.meta.url));
    const program = `import { acquireDirectoryLock } from '${lockModule}'; acquireDirectoryLock('${folder}'); console.log('held'); setInterval(() => 0, 1000);`;
    const child = spawn(process.execPath, ['--import', hook, '--input-type=module', '--eval', program]);
    try {
      await once(child.stdout, 'data');
      const shelf = openJournalShelf(directory, 'other');
      expect(shelf.orphans).toHaveLength(0);
      shelf.own.lock.release();
      // As when another replica takes a folder that was just made for an orphan's.
      const beside = openJournalShelf(directory, 'live');
      expect(readdirSync(directory)).toContain('live-2');
      for (const claimed of [beside.own, ...beside.orphans]) claimed.lock.release();
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'close');
    const shelf = openJournalShelf(directory, 'third');
    expect(shelf.orphans.filter((orphan) => orphan.journal.bytes > 0)).toHaveLength(1);
    for (const claimed of [shelf.own, ...shelf.orphans]) claimed.lock.release();
  });

  it('one that cannot be read stops the start, because its calls would be missing from the ledger', () => {
    const folder = leftBy('damaged');
    mkdirSync(join(folder, 'lethe.lock'));
    rmSync(join(folder, '0000000001.jsonl'));
    mkdirSync(join(folder, '0000000001.jsonl'));
    expect(() => openJournalShelf(directory, 'next')).toThrow();
  });

  it('makes its folder when there is none', () => {
    const shelf = openJournalShelf(join(directory, 'deep', 'journal'), 'me');
    expect(existsSync(join(directory, 'deep', 'journal', 'me'))).toBe(true);
    shelf.own.lock.release();
  });
});
