import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectDamageRefused } from '../../../test/harness/kms.js';
import { LocalRootKey } from './local-root-key.js';
import { createRootKeyFile, rotateLocalRootKey } from './root-key-file.js';

const CONTEXT = { purpose: 'test', row: '1' };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe root key '));
  path = join(folder, 'kept', 'root.json');
});
afterEach(() => rm(folder, { recursive: true }));

const development = (at = path): LocalRootKey => new LocalRootKey({ path: at, allowGenerate: true });
const production = (at = path): LocalRootKey => new LocalRootKey({ path: at, allowGenerate: false });

describe('local root key', () => {
  it('is made on first use in development, readable by its owner only, and leaves nothing else behind', async () => {
    const kms = development();
    await kms.check();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'kept'))).toEqual(['root.json']);
  });

  it('is not made in production: the error names the setting', async () => {
    await expect(production().check()).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('LETHE_ROOT_KEY_FILE'),
    });
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('says so when it cannot be made where the setting points', async () => {
    await expect(createRootKeyFile(join(folder, 'x'.repeat(300)))).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('ENAMETOOLONG'),
    });
    await writeFile(join(folder, 'file'), '');
    await expect(development(join(folder, 'file', 'root.json')).check()).rejects.toMatchObject({ code: 'kms/unavailable' });
  });

  it('opens what an earlier process wrapped', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await development().wrap(dataKey, CONTEXT);
    expect(await production().unwrap(wrapped, CONTEXT)).toEqual(dataKey);
  });

  it('is one and the same for processes that start at once', async () => {
    const starting = Array.from({ length: 16 }, () => development());
    const ids = await Promise.all(starting.map((kms) => kms.currentKeyId()));
    expect(new Set(ids).size).toBe(1);
    expect(await readdir(join(folder, 'kept'))).toEqual(['root.json']);
  });

  it.each([0o640, 0o604, 0o660, 0o602])('is refused when its mode is %o', async (mode) => {
    await createRootKeyFile(path);
    await chmod(path, mode);
    await expect(production().check()).rejects.toMatchObject({
      code: 'kms/misconfigured',
      publicMessage: expect.stringContaining('chmod 600'),
    });
  });

  it('is refused as soon as a running process sees its mode widened', async () => {
    const kms = development();
    await kms.check();
    await chmod(path, 0o644);
    await expect(kms.check()).rejects.toMatchObject({ code: 'kms/misconfigured' });
  });

  it.each([
    ['empty', () => ''],
    ['cut short', (text: string) => text.slice(0, -20)],
    ['of another format', (text: string) => text.replace('root-key/1', 'root-key/9')],
    ['without its current key', (text: string) => text.replace(/"current": ".*"/, '"current": "none"')],
    ['with a key of 31 bytes', (text: string) => text.replace(/"key": ".*"/, `"key": "${randomBytes(31).toString('base64')}"`)],
    ['with null for a key', () => '{"format":"lethe-root-key/1","current":"a","keys":[null]}'],
    ['a JSON null', () => 'null'],
  ])('is refused when the file is %s, without quoting it', async (_what, damage) => {
    await createRootKeyFile(path);
    const text = await readFile(path, 'utf8');
    await writeFile(path, damage(text));
    const error = await production()
      .check()
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'kms/misconfigured' });
    const [, key] = /"key": "(.*)"/.exec(text) as unknown as [string, string];
    expect(JSON.stringify([error, (error as Error).stack, (error as Error).cause])).not.toContain(key.slice(0, 12));
  });

  it('K3: after a rotation a running process wraps under the new key and still opens the old', async () => {
    const kms = development();
    const dataKey = randomBytes(32);
    const old = await kms.wrap(dataKey, CONTEXT);
    const newId = await rotateLocalRootKey(path);
    expect(newId).not.toBe(old.kmsKeyId);
    expect(await kms.currentKeyId()).toBe(newId);
    expect(await kms.unwrap(old, CONTEXT)).toEqual(dataKey);
    const fresh = await kms.wrap(dataKey, CONTEXT);
    expect(fresh.kmsKeyId).toBe(newId);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('K3: rotations at the same moment never lose a key', async () => {
    const kms = development();
    const dataKey = randomBytes(32);
    const wrapped = [await kms.wrap(dataKey, CONTEXT)];
    for (let round = 0; round < 5; round += 1) {
      const ended = await Promise.allSettled([rotateLocalRootKey(path), rotateLocalRootKey(path), rotateLocalRootKey(path)]);
      expect(ended.some((one) => one.status === 'fulfilled')).toBe(true);
      wrapped.push(await kms.wrap(dataKey, CONTEXT));
    }
    for (const one of wrapped) expect(await production().unwrap(one, CONTEXT)).toEqual(dataKey);
  });

  it('is an outage, not a new key, when the file vanishes under a running process', async () => {
    const kms = development();
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await rm(path);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(kms.wrap(randomBytes(32), CONTEXT)).rejects.toMatchObject({ code: 'kms/unavailable', status: 503 });
      await expect(kms.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'kms/unavailable' });
    }
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('K1: a wrapped key opens in its own context only, and only with its own root key', async () => {
    const wrapped = await development().wrap(randomBytes(32), CONTEXT);
    const elsewhere = development(join(folder, 'other.json'));
    await expect(production().unwrap(wrapped, { ...CONTEXT, row: '2' })).rejects.toMatchObject({ code: 'kms/refused' });
    await expect(production().unwrap(wrapped, {})).rejects.toMatchObject({ code: 'kms/refused' });
    await expect(elsewhere.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'kms/refused' });
    await expect(production().unwrap({ ...wrapped, kmsKeyId: `${wrapped.kmsKeyId}x` }, CONTEXT)).rejects.toMatchObject({
      code: 'kms/refused',
    });
  });

  it('K1: every flipped bit and every truncation of a wrapped key is refused', async () => {
    const kms = development();
    const wrapped = await kms.wrap(randomBytes(32), CONTEXT);
    await expectDamageRefused(kms, wrapped, CONTEXT);
  });

  it('wraps data keys of 32 bytes and nothing else', async () => {
    await expect(development().wrap(randomBytes(31), CONTEXT)).rejects.toThrow('invariant broken');
  });
});
