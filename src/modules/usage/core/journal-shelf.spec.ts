import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournalShelf } from './journal-shelf.js';

const LINE = '{"intent":{"id":"left"}}\n';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-shelf-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function program(source: string): ChildProcessWithoutNullStreams {
  const hook = fileURLToPath(new URL('../../../../test/harness/queue-worker-hook.mjs', import.meta.url));
  return spawn(process.execPath, ['--import', hook, '--input-type=module', '--eval', source]);
}

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
    const child = program(
      `import { acquireDirectoryLock } from '${lockModule}'; acquireDirectoryLock('${folder}'); console.log('held'); setInterval(() => 0, 1000);`,
    );
    try {
      await once(child.stdout, 'data');
      const shelf = openJournalShelf(directory, 'other');
      expect(shelf.orphans).toHaveLength(0);
      shelf.own.lock.release();
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'close');
    const shelf = openJournalShelf(directory, 'third');
    expect(shelf.orphans.filter((orphan) => orphan.journal.bytes > 0)).toHaveLength(1);
    for (const claimed of [shelf.own, ...shelf.orphans]) claimed.lock.release();
  });

  it('one that was just made is left to the process that made it', () => {
    const fresh = join(directory, 'fresh');
    mkdirSync(fresh);
    writeFileSync(join(fresh, 'lethe.lock.4711'), '{}');
    const shelf = openJournalShelf(directory, 'other');
    expect(shelf.orphans).toHaveLength(0);
    expect(readdirSync(fresh)).toEqual(['lethe.lock.4711']);
    shelf.own.lock.release();
  });

  it('a folder that its process could not remove to the end is removed', () => {
    const gone = join(directory, 'dead.4711.gone');
    mkdirSync(gone);
    writeFileSync(join(gone, 'lethe.lock'), '{}');
    const shelf = openJournalShelf(directory, 'next');
    expect(existsSync(gone)).toBe(false);
    expect(shelf.orphans).toHaveLength(0);
    shelf.own.lock.release();
  });

  it('processes that start and end beside each other all have one, and leave none behind', async () => {
    const shelfModule = new URL('./journal-shelf.ts', import.meta.url).href;
    const rounds = `
      import { openJournalShelf } from '${shelfModule}';
      for (let round = 0; round < 60; round += 1) {
        const { own, orphans } = openJournalShelf(${JSON.stringify(directory)}, process.pid + '-' + round);
        for (const { journal, lock } of [own, ...orphans]) {
          await journal.removeIfDrained();
          lock.release();
        }
      }`;
    const children = Array.from({ length: 4 }, () => program(rounds));
    const said = children.map((child) => text(child.stderr));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0] as number));
    expect(await Promise.all(said)).toEqual(children.map(() => ''));
    expect(codes).toEqual(children.map(() => 0));
    expect(readdirSync(directory)).toEqual([]);
  }, 30_000);

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
