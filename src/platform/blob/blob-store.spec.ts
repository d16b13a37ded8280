import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refuse, S3_CREDENTIALS, S3Server } from '../../../test/harness/s3-server.js';
import { BlobFolder } from './blob-folder.js';
import { declareBlobPrefix } from './blob-prefixes.js';
import type { BlobStore } from './blob-store.js';
import { S3Bucket } from './s3-bucket.js';

declareBlobPrefix({ prefix: 'spec', description: 'Objects of this test.' });
declareBlobPrefix({ prefix: 'beside', description: 'Objects of no test.' });

const MEBIBYTE = 1024 * 1024;

let folder: string;
let s3: S3Server;

beforeAll(async () => {
  s3 = await S3Server.start();
});

afterAll(() => s3.stop());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lethe-blobs-'));
  Object.assign(s3, { fault: null, keepsVersions: false });
  s3.versions.clear();
  s3.uploads.clear();
  s3.asked.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bucket(changes: Partial<ConstructorParameters<typeof S3Bucket>[0]> = {}): S3Bucket {
  const { bucket: name, endpoint } = s3;
  return new S3Bucket({
    bucket: name,
    endpoint,
    region: 'eu-central-1',
    prefix: 'at/',
    pathStyle: true,
    credentials: S3_CREDENTIALS,
    ...changes,
  });
}

async function* pieces(count: number, bytes: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(bytes, index + 1);
}

async function* failing(after: number): AsyncGenerator<Buffer> {
  yield* pieces(after, MEBIBYTE);
  throw new RangeError('the source broke');
}

const read = async (store: BlobStore, key: string): Promise<Buffer> => buffer(await store.get(key));

describe.each([
  ['a folder', (): BlobStore => new BlobFolder(join(folder, 'blobs'))],
  ['a bucket', (): BlobStore => bucket()],
])('%s', (_, open) => {
  it('gives back what was put, whole or in pieces, and the newest', async () => {
    const store = open();
    expect(await store.put('spec/a/one', Buffer.from('first'))).toBe(5);
    expect(await store.put('spec/a/one', Buffer.from('second'))).toBe(6);
    expect(await store.put('spec/a/large', pieces(20, MEBIBYTE))).toBe(20 * MEBIBYTE);
    expect(await store.put('spec/a/empty', Buffer.alloc(0))).toBe(0);
    expect((await read(store, 'spec/a/one')).toString()).toBe('second');
    expect((await read(store, 'spec/a/large')).equals(await buffer(pieces(20, MEBIBYTE)))).toBe(true);
    expect(await read(store, 'spec/a/empty')).toHaveLength(0);
    expect(await store.stat('spec/a/large')).toMatchObject({ key: 'spec/a/large', bytes: 20 * MEBIBYTE });
  });

  it('lists in the order of keys, in pages, and only what begins so', async () => {
    const store = open();
    for (const key of ['spec/b/2', 'spec/a/1', 'spec/a.x/1', 'spec/b/1', 'spec/a/10']) await store.put(key, Buffer.from(key));
    const first = await store.list('spec/', { limit: 2 });
    expect(first.blobs.map(({ key }) => key)).toEqual(['spec/a.x/1', 'spec/a/1']);
    const rest = await store.list('spec/', { after: first.next ?? '' });
    expect(rest).toMatchObject({ blobs: [{ key: 'spec/a/10' }, { key: 'spec/b/1' }, { key: 'spec/b/2', bytes: 8 }], next: null });
    expect((await store.list('spec/a/1')).blobs.map(({ key }) => key)).toEqual(['spec/a/1', 'spec/a/10']);
    expect(await store.list('spec/c/')).toEqual({ blobs: [], next: null });
  });

  it('says that an object is not there, after it was removed too, and removing it again is no error', async () => {
    const store = open();
    await store.put('spec/a/one', Buffer.from('x'));
    await store.put('spec/a/one1', Buffer.from('x'));
    await store.delete('spec/a/one');
    await store.delete('spec/a/one');
    expect(await store.stat('spec/a/one')).toBeNull();
    await expect(store.get('spec/a/one')).rejects.toMatchObject({ code: 'blob/not_found' });
    expect(await store.stat('spec/a/one1')).toMatchObject({ bytes: 1 });
  });

  it('leaves no object behind when the source of its bytes fails or is stopped, and says what failed', async () => {
    const store = open();
    await expect(store.put('spec/a/broken', failing(10))).rejects.toThrow(RangeError);
    const stopped = AbortSignal.abort();
    await expect(store.put('spec/a/stopped', pieces(10, MEBIBYTE), stopped)).rejects.toThrow();
    expect(await store.list('spec/')).toEqual({ blobs: [], next: null });
    expect(await store.discardUnfinished(new Date(8e15))).toBe(0);
  });

  it('refuses keys that leave their place or are under no declared prefix', async () => {
    const store = open();
    for (const key of [
      'spec/../x',
      'spec//x',
      '/spec/x',
      'spec/.hidden',
      'spec',
      'other/x',
      'spec/a\\b',
      'spec/ü',
      `spec/${'a'.repeat(200)}`,
    ]) {
      await expect(
        store.put(key, Buffer.from('x')).then(() => 'kept'),
        key,
      ).rejects.toThrow('invariant broken');
    }
  });
});

describe('a folder', () => {
  const store = (): BlobFolder => new BlobFolder(join(folder, 'blobs'));

  it('is readable for its owner alone, and holds nothing but finished objects', async () => {
    await store().put('spec/a/one', Buffer.from('x'));
    const mode = (path: string) => statSync(join(folder, 'blobs', path)).mode & 0o777;
    expect([mode('.'), mode('spec'), mode('spec/a'), mode('spec/a/one')]).toEqual([0o700, 0o700, 0o700, 0o600]);
    await store().delete('spec/a/one');
    expect(readdirSync(join(folder, 'blobs'))).toEqual(['.unfinished']);
  });

  it('follows no link, neither to a file nor to a folder', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret');
    await store().put('spec/a/one', Buffer.from('x'));
    symlinkSync(join(outside, 'secret'), join(folder, 'blobs/spec/a/link'));
    symlinkSync(outside, join(folder, 'blobs/spec/out'));
    for (const key of ['spec/a/link', 'spec/out/secret']) {
      await expect(store().get(key), key).rejects.toMatchObject({ code: 'blob/misconfigured' });
      await expect(store().delete(key), key).rejects.toMatchObject({ code: 'blob/misconfigured' });
    }
    await expect(store().put('spec/out/new', Buffer.from('x'))).rejects.toMatchObject({ code: 'blob/misconfigured' });
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  it('is not taken for empty when it is gone or closed to Lethe (peers 28)', async () => {
    const kept = store();
    await kept.put('spec/a/one', Buffer.from('x'));
    renameSync(join(folder, 'blobs'), join(folder, 'elsewhere'));
    await expect(kept.stat('spec/a/one')).rejects.toMatchObject({ code: 'blob/unavailable' });
    await expect(kept.list('spec/')).rejects.toMatchObject({ code: 'blob/unavailable' });
    await expect(kept.delete('spec/a/one')).rejects.toMatchObject({ code: 'blob/unavailable' });
    renameSync(join(folder, 'elsewhere'), join(folder, 'blobs'));
    if (process.getuid?.() === 0) return; // To whom nothing is closed.
    chmodSync(join(folder, 'blobs/spec/a'), 0);
    await expect(kept.stat('spec/a/one')).rejects.toMatchObject({ code: 'blob/denied' });
  });

  it('removes what interrupted puts left, once it is old', async () => {
    await store().put('spec/a/one', Buffer.from('x'));
    const left = join(folder, 'blobs/.unfinished/0123');
    writeFileSync(left, 'half');
    utimesSync(left, 1_000, 1_000);
    expect(await store().discardUnfinished(new Date(999_000))).toBe(0);
    expect(await store().discardUnfinished(new Date(1_001_000))).toBe(1);
    const ofPart = join(folder, 'blobs/.unfinished/spec.0123');
    writeFileSync(ofPart, 'half');
    utimesSync(ofPart, 1_000, 1_000);
    expect(await store().discardUnfinished(new Date(1_001_000), undefined, 'beside')).toBe(0);
    expect(await store().discardUnfinished(new Date(1_001_000), undefined, 'spec')).toBe(1);
    expect((await store().list('spec/')).blobs).toHaveLength(1);
  });
});

describe('a bucket', () => {
  it('takes a refusal, a missing bucket and an outage each for what it is, never for an absent object (peers 28)', async () => {
    await bucket().put('spec/a/one', Buffer.from('x'));
    const each = async (store: S3Bucket, code: string): Promise<void> => {
      await expect(store.stat('spec/a/one')).rejects.toMatchObject({ code });
      await expect(store.get('spec/a/one')).rejects.toMatchObject({ code });
      await expect(store.delete('spec/a/one')).rejects.toMatchObject({ code });
      await expect(store.list('spec/')).rejects.toMatchObject({ code });
      await expect(store.put('spec/a/one', Buffer.from('y'))).rejects.toMatchObject({ code });
      await expect(store.check()).rejects.toMatchObject({ code });
    };
    await each(bucket({ credentials: { ...S3_CREDENTIALS, secretAccessKey: 'wrong' } }), 'blob/denied');
    await each(bucket({ bucket: 'no-such-bucket' }), 'blob/misconfigured');
    await each(bucket({ endpoint: 'http://127.0.0.1:9' }), 'blob/unavailable');
    s3.fault = (asked, response) => {
      if (asked.method === 'HEAD') return false;
      refuse(response, 403, 'AccessDenied');
      return true;
    };
    await each(bucket(), 'blob/denied');
  });

  it('says nothing of credentials, addresses or what was asked in an error', async () => {
    const failure = await bucket({ credentials: { ...S3_CREDENTIALS, secretAccessKey: 'wrong' } })
      .get('spec/a/one')
      .catch((error: unknown) => error);
    const { message, cause } = failure as Error & { cause: Error };
    for (const part of ['AKID', 'wrong', 'spec/a/one', '127.0.0.1']) expect(`${message} ${cause.message}`).not.toContain(part);
  });

  it('fails a read whose connection is lost on the way', async () => {
    await bucket().put('spec/a/one', Buffer.alloc(MEBIBYTE, 1));
    s3.fault = ({ method }, response) => {
      if (method !== 'GET') return false;
      response.writeHead(200, { 'content-length': MEBIBYTE });
      response.write(Buffer.alloc(1000), () => response.destroy());
      return true;
    };
    await expect(read(bucket(), 'spec/a/one')).rejects.toMatchObject({ code: 'blob/damaged' });
  });

  it('uploads in parts, aborts what fails, and finds uploads that a killed process left', async () => {
    let parts = 0;
    s3.fault = ({ query }, response) => {
      if (!query.has('partNumber') || (parts += 1) < 2) return false;
      refuse(response, 403, 'AccessDenied');
      return true;
    };
    await expect(bucket().put('spec/a/large', pieces(20, MEBIBYTE))).rejects.toMatchObject({ code: 'blob/denied' });
    expect(s3.uploads.size).toBe(0);
    s3.uploads.set('left', { key: 'at/spec/a/left', at: new Date(1_000_000), parts: new Map() });
    expect(await bucket().discardUnfinished(new Date(1_000_000))).toBe(0);
    expect(await bucket().discardUnfinished(new Date(1_000_001), undefined, 'beside')).toBe(0);
    expect(await bucket().discardUnfinished(new Date(1_000_001))).toBe(1);
    expect(s3.uploads.size).toBe(0);
  });

  it('D3: on a bucket that keeps versions, removing an object removes every version of it and no other object', async () => {
    s3.keepsVersions = true;
    await bucket().put('spec/a/one', Buffer.from('first'));
    await bucket().put('spec/a/one', Buffer.from('second'));
    await bucket().put('spec/a/one1', Buffer.from('other'));
    await bucket().delete('spec/a/one');
    expect([...s3.versions.keys()]).toEqual(['at/spec/a/one1']);
  });
});
