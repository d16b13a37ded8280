import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { BACKUPS_PREFIX } from '../../modules/backups/data/backup-stores.inventory.js';
import { createBlobStore } from '../../platform/blob/blob-factory.js';
import type { BlobStore } from '../../platform/blob/blob-store.js';
import type { Settings } from '../../platform/config/settings.js';
import { type Finding, ok, warn } from './finding.js';

const STORE_MS = 15_000;
/** Keys of two segments: no backup has one, so nothing takes a probe for a part of one. */
const PROBES = `${BACKUPS_PREFIX}/doctor-`;
const SKEW_WARN_MS = 60_000;

/** Whether the place of backups can be listed, written, read and deleted from (D4), by an object that is put there and removed again. */
export async function examineBlobStore(settings: Settings): Promise<Finding[]> {
  const { blobS3Bucket: bucket } = settings;
  const folder = resolve(settings.blobDirectory ?? join(settings.dataDirectory, 'blobs'));
  if (bucket === undefined && settings.blobDirectory === undefined && !existsSync(folder)) {
    return [ok('blob store', `${folder} is made when the first object is put there.`)];
  }
  const blobs = createBlobStore(settings);
  try {
    const skewMs = await probe(blobs, AbortSignal.timeout(STORE_MS));
    const place = bucket === undefined ? folder : `The bucket ${bucket}`;
    return [ok('blob store', `${place} can be listed, written, read and deleted from.`), ...skewFindings(skewMs)];
  } finally {
    await blobs.dispose();
  }
}

/** By how many milliseconds the store's clock is off. Raises `blob/*`. */
async function probe(blobs: BlobStore, signal: AbortSignal): Promise<number> {
  await blobs.check(signal);
  // What a doctor that was killed has left.
  for (const { key } of (await blobs.list(PROBES, {}, signal)).blobs) await blobs.delete(key, signal);
  const key = `${PROBES}${randomBytes(8).toString('hex')}`;
  const written = randomBytes(16);
  await blobs.put(key, written, signal);
  try {
    const read = await buffer(await blobs.get(key, signal));
    if (!read.equals(written)) throw new Error('the store gave back something else than it was given');
    const facts = await blobs.stat(key, signal);
    return facts === null ? 0 : Math.abs(facts.modifiedAt.getTime() - Date.now());
  } finally {
    await blobs.delete(key, signal);
  }
}

function skewFindings(skewMs: number): Finding[] {
  if (skewMs < SKEW_WARN_MS) return [];
  const message = `This machine and the blob store differ by ${Math.round(skewMs / 1_000)} s: the days of backups are counted by the one.`;
  return [warn('blob store', message, 'Run a time service (NTP) on both.')];
}
