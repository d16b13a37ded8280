import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntentRow } from './call-rows.js';
import { Journal, type JournalEntry, rowOf } from './journal.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-journal-'));
});

afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.removeIfDrained();
  rmSync(directory, { recursive: true, force: true });
});

const opened: Journal[] = [];

function openJournal(folder: string): Journal {
  const journal = new Journal(folder);
  opened.push(journal);
  return journal;
}

const entry = (id: string, padding = ''): JournalEntry => ({
  intent: { id, requested_model: padding, expires_on: '2026-12-24' } as IntentRow,
});

async function drain(journal: Journal): Promise<string[]> {
  const ids: string[] = [];
  for (let segment = await journal.takeOldest(); segment; segment = await journal.takeOldest()) {
    ids.push(...segment.entries.map((each) => rowOf(each).id));
    await segment.remove();
  }
  return ids;
}

describe('the journal', () => {
  it('U3: hands out what was appended, in order, also to the process after', async () => {
    const journal = openJournal(directory);
    await journal.append([entry('a'), entry('b')]);
    await journal.append([entry('c')]);
    expect(await drain(openJournal(directory))).toEqual(['a', 'b', 'c']);
  });

  it('concurrent appends neither mix nor get lost, and keep their order', async () => {
    const journal = openJournal(directory);
    const ids = Array.from({ length: 200 }, (_, n) => `id-${n}`);
    await Promise.all(ids.map((id) => journal.append([entry(id, 'x'.repeat(Math.random() * 3_000))])));
    expect(await drain(journal)).toEqual(ids);
  });

  it('takes more while a segment is on its way to Postgres', async () => {
    const journal = openJournal(directory);
    await journal.append([entry('first')]);
    const segment = await journal.takeOldest();
    expect(segment?.isLast).toBe(true);
    await journal.append([entry('second')]);
    await segment?.remove();
    expect(await drain(journal)).toEqual(['second']);
  });

  it('a segment that is not removed is handed out again', async () => {
    const journal = openJournal(directory);
    await journal.append([entry('a')]);
    await journal.takeOldest();
    expect(await drain(journal)).toEqual(['a']);
  });

  it('grows in small segments and says which is the last', async () => {
    const journal = openJournal(directory);
    for (let n = 0; n < 5; n += 1) await journal.append([entry(`${n}`, 'x'.repeat(150_000))]);
    expect(readdirSync(directory)).toHaveLength(3);
    expect((await journal.takeOldest())?.isLast).toBe(false);
    expect(await drain(journal)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('knows its size on disk, from one process to the next', async () => {
    const journal = openJournal(directory);
    expect(journal.bytes).toBe(0);
    await journal.append([entry('a', 'ü')]);
    const [file = ''] = readdirSync(directory);
    expect(journal.bytes).toBe(readFileSync(join(directory, file)).length);
    await journal.takeOldest();
    const next = openJournal(directory);
    expect(next.bytes).toBe(journal.bytes);
    await drain(next);
    expect(next.bytes).toBe(0);
  });

  it('passes over the torn last line of an append that nobody was told of', async () => {
    await openJournal(directory).append([entry('a')]);
    const [file = ''] = readdirSync(directory);
    appendFileSync(join(directory, file), '{"intent":{"id":"to');
    const segment = await openJournal(directory).takeOldest();
    expect(segment).toMatchObject({ entries: [entry('a')], damagedLines: 1 });
  });

  it.each(['null', '7', '[]', '{}', '{"intent":null}', '{"record":{"id":5}}', '\u0000\u0000\u0000', '{"intent"'])(
    'a damaged line %j is counted and takes nothing else down',
    async (line) => {
      writeFileSync(join(directory, '0000000001.jsonl'), `${JSON.stringify(entry('a'))}\n${line}\n${JSON.stringify(entry('b'))}\n`);
      const segment = await openJournal(directory).takeOldest();
      expect(segment).toMatchObject({ entries: [entry('a'), entry('b')], damagedLines: 1 });
    },
  );

  it('goes on when its folder is taken away', async () => {
    const journal = openJournal(directory);
    await journal.append([entry('a')]);
    await journal.takeOldest().then((segment) => segment?.remove());
    rmSync(directory, { recursive: true });
    await journal.append([entry('b')]);
    expect(await drain(journal)).toEqual(['b']);
  });

  it('says when it cannot be written, and can be again once the obstacle is gone', async () => {
    const journal = openJournal(directory);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file where the folder was');
    await expect(journal.append([entry('lost')])).rejects.toThrow();
    expect(journal.bytes).toBe(0);
    rmSync(directory);
    await journal.append([entry('kept')]);
    expect(await drain(journal)).toEqual(['kept']);
  });

  it('an append that a full disk cut short leaves nothing behind, and the journal goes on when there is room', async (context) => {
    mkdirSync(join(directory, 'disk'));
    const disk = join(directory, 'disk');
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
    context.skip(!mounted, 'only root may mount a small disk');
    try {
      const journal = openJournal(disk);
      await journal.append([entry('a')]);
      await expect(journal.append([entry('lost'), entry('too-big', 'x'.repeat(100_000))])).rejects.toMatchObject({ code: 'ENOSPC' });
      await journal.append([entry('b')]);
      const size = journal.bytes;
      expect(openJournal(disk).bytes).toBe(size);
      expect(await drain(journal)).toEqual(['a', 'b']);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('keeps what Postgres refuses in a file of its own, and its folder with it', async () => {
    const journal = openJournal(directory);
    await journal.setAside(entry('odd'));
    await journal.append([entry('fine')]);
    expect(await drain(journal)).toEqual(['fine']);
    await journal.removeIfDrained();
    expect(readFileSync(join(directory, 'rejected-2026-12-24.jsonl'), 'utf8')).toBe(`${JSON.stringify(entry('odd'))}\n`);
  });

  it('removes its folder when it is drained, and only then', async () => {
    const journal = openJournal(directory);
    await journal.append([entry('a')]);
    await journal.removeIfDrained();
    expect(existsSync(directory)).toBe(true);
    await drain(journal);
    await journal.removeIfDrained();
    expect(existsSync(directory)).toBe(false);
    await journal.removeIfDrained();
  });

  it('is readable by its owner alone', async () => {
    const journal = openJournal(join(directory, 'own'));
    await journal.append([entry('a')]);
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect(mode(join(directory, 'own'))).toBe(0o700);
    expect(mode(join(directory, 'own', '0000000001.jsonl'))).toBe(0o600);
  });
});
