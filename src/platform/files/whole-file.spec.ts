import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWholeFile, replaceWholeFile } from './whole-file.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-whole-'));
  path = join(folder, 'new', 'key');
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

describe('a file that is written whole', () => {
  it('is nobody else’s to read, in a folder that is made for it, and leaves nothing beside it', async () => {
    expect(await createWholeFile(path, 'one')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('one');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'new'))).toEqual(['key']);
  });

  it('is made by one of many at once, and all read the same', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, n) => createWholeFile(path, `by ${n}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(`by ${made.indexOf(true)}`);
    expect(readdirSync(join(folder, 'new'))).toEqual(['key']);
  });

  it('stays as it is when it is made again, and is another one when it is replaced', async () => {
    await createWholeFile(path, 'one');
    expect(await createWholeFile(path, 'two')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('one');
    await replaceWholeFile(path, 'three');
    expect(readFileSync(path, 'utf8')).toBe('three');
  });

  it('that cannot be given its name fails, and leaves nothing beside it', async () => {
    await createWholeFile(join(path, 'a folder in its place'), '');
    await expect(replaceWholeFile(path, 'one')).rejects.toThrow();
    expect(readdirSync(join(folder, 'new'))).toEqual(['key']);
  });
});
