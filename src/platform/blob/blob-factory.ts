import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { BlobFolder } from './blob-folder.js';
import type { BlobStore } from './blob-store.js';
import { S3Bucket } from './s3-bucket.js';

/** The store the settings name. It makes its folder, loads its library and connects on first use. */
export function createBlobStore(settings: Settings): BlobStore {
  const { blobS3Bucket: bucket, blobS3Endpoint: endpoint, blobS3AccessKeyId: accessKeyId, blobS3SecretAccessKey: secret } = settings;
  if (bucket === undefined) return new BlobFolder(settings.blobDirectory ?? join(settings.dataDirectory, 'blobs'));
  return new S3Bucket({
    bucket,
    region: settings.blobS3Region,
    prefix: settings.blobS3Prefix,
    pathStyle: settings.blobS3PathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secret === undefined ? {} : { credentials: { accessKeyId, secretAccessKey: secret } }),
  });
}

/**
 * Whether what one process puts there is found by all that use the database: a bucket, a folder the operator has named, or one process alone, which an
 * embedded database admits no other beside.
 */
export function isSharedBlobStore({ blobS3Bucket, blobDirectory, databaseUrl }: Settings): boolean {
  return blobS3Bucket !== undefined || blobDirectory !== undefined || databaseUrl === undefined;
}
