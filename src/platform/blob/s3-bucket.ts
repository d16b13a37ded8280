import { Readable, type Transform } from 'node:stream';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { AppError, failureName } from '../../kernel/errors.js';
import { blobErrors } from './blob.errors.js';
import { requireBlobKey, requireBlobPrefix } from './blob-prefixes.js';
import { type BlobBody, type BlobFacts, type BlobListOptions, type BlobPage, BlobStore, LARGEST_BLOB_PAGE } from './blob-store.js';
import { exactly } from './exact-length.js';
import { translatedS3Error } from './s3-errors.js';

export interface S3BucketOptions {
  readonly bucket: string;
  readonly region: string;
  /** Of a service that is not AWS. */
  readonly endpoint?: string;
  /** What object names begin with; empty or ending in `/`. */
  readonly prefix: string;
  /** Whether the bucket stands in the path of a request, or in its host name. */
  readonly pathStyle: boolean;
  /** Without them the SDK's own chain decides: environment, profile, container or instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** For one request. 60,000 ms when absent. */
  readonly timeoutMs?: number;
}

/** Of a part of an upload; the service takes 10,000 of at least 5 MiB. Two are in memory at a time. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 2;
const CONNECT_MS = 5_000;
const TIMEOUT_MS = 60_000;
const LARGEST_DELETION = 1_000;

/**
 * Objects of an S3-compatible bucket. What is larger than a part is uploaded in parts, and an upload that fails is aborted. A bucket that keeps
 * versions is asked to forget them too when an object is removed: a delete marker deletes nothing.
 */
export class S3Bucket extends BlobStore {
  private client: Promise<S3Client> | undefined;

  constructor(private readonly options: S3BucketOptions) {
    super();
  }

  override async put(key: string, body: BlobBody, signal?: AbortSignal): Promise<number> {
    const Key = this.nameOf(key);
    let bytes = 0;
    let failure: unknown;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of body instanceof Uint8Array ? [body] : body) {
          bytes += piece.byteLength;
          yield piece;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    await this.ask(async (client) => {
      const { Upload } = await import('@aws-sdk/lib-storage');
      const upload = new Upload({
        client,
        params: { Bucket: this.options.bucket, Key, Body: Readable.from(counted(), { objectMode: false }) },
        partSize: PART_BYTES,
        queueSize: PARTS_IN_FLIGHT,
      });
      const abort = () => void upload.abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        signal?.throwIfAborted();
        await upload.done();
      } catch (error) {
        // What the source of the bytes says is the caller's own, and not the store's.
        throw failure instanceof Error ? new SourceFailed(failure) : error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    });
    return bytes;
  }

  override async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const Key = this.nameOf(key);
    return this.ask(async (client) => {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const answer = await client.send(new GetObjectCommand({ Bucket: this.options.bucket, Key }), abortable(signal));
      if (!(answer.Body instanceof Readable) || answer.ContentLength === undefined) throw incomplete();
      return flowing(answer.Body, exactly(answer.ContentLength));
    });
  }

  override async delete(key: string, signal?: AbortSignal): Promise<void> {
    const Key = this.nameOf(key);
    await this.ask(async (client) => {
      const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
      const answer = await client.send(new DeleteObjectCommand({ Bucket: this.options.bucket, Key }), abortable(signal));
      if (answer.DeleteMarker === true) await this.deleteVersions(client, Key, signal);
    });
  }

  override async list(prefix: string, options: BlobListOptions = {}, signal?: AbortSignal): Promise<BlobPage> {
    return this.page(this.options.prefix + requireBlobPrefix(prefix), options, signal);
  }

  /** By a listing, in which a bucket that is not there is an error and not the same 404 as an object that is not. */
  override async stat(key: string, signal?: AbortSignal): Promise<BlobFacts | null> {
    const { blobs } = await this.page(this.nameOf(key), { limit: 1 }, signal);
    return blobs[0]?.key === key ? blobs[0] : null;
  }

  override async discardUnfinished(before: Date, signal?: AbortSignal, part?: string): Promise<number> {
    return this.ask(async (client) => {
      const { AbortMultipartUploadCommand, ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
      const { bucket: Bucket, prefix } = this.options;
      const Prefix = part === undefined ? prefix : `${prefix}${requireBlobPrefix(part)}/`;
      let aborted = 0;
      let markers = {};
      for (;;) {
        const page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...markers }), abortable(signal));
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (Key === undefined || UploadId === undefined || Initiated === undefined || Initiated >= before) continue;
          await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), abortable(signal));
          aborted += 1;
        }
        if (page.IsTruncated !== true) return aborted;
        markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
    });
  }

  override async check(signal?: AbortSignal): Promise<void> {
    await this.ask(async (client) => {
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
      const { bucket: Bucket, prefix: Prefix } = this.options;
      await client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }), abortable(signal));
    });
  }

  override async dispose(): Promise<void> {
    (await this.client?.catch(() => undefined))?.destroy();
    this.client = undefined;
  }

  private nameOf(key: string): string {
    return this.options.prefix + requireBlobKey(key);
  }

  private page(Prefix: string, { after, limit = LARGEST_BLOB_PAGE }: BlobListOptions, signal?: AbortSignal): Promise<BlobPage> {
    const { bucket: Bucket, prefix } = this.options;
    return this.ask(async (client) => {
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
      const behind = after === undefined ? {} : { StartAfter: prefix + after };
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: limit, ...behind }), abortable(signal));
      const blobs = (page.Contents ?? []).map(({ Key, Size, LastModified }) => {
        if (Key === undefined || Size === undefined || LastModified === undefined) throw incomplete();
        return { key: Key.slice(prefix.length), bytes: Size, modifiedAt: LastModified };
      });
      return { blobs, next: page.IsTruncated === true ? (blobs.at(-1)?.key ?? null) : null };
    });
  }

  /** The bucket put a marker over the object and kept the object. */
  private async deleteVersions(client: S3Client, Key: string, signal?: AbortSignal): Promise<void> {
    const { DeleteObjectCommand, ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    const Bucket = this.options.bucket;
    for (;;) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, MaxKeys: LARGEST_DELETION }), abortable(signal));
      const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].filter((version) => version.Key === Key);
      if (versions.length === 0) return;
      for (const { VersionId } of versions) await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }), abortable(signal));
    }
  }

  private async ask<T>(call: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      this.client ??= this.connect();
      return await call(await this.client);
    } catch (error) {
      if (error instanceof SourceFailed) throw error.cause;
      throw error instanceof AppError ? error : translatedS3Error(error, this.options.bucket);
    }
  }

  /** The SDK is large, so it is loaded only by those who use it. */
  private async connect(): Promise<S3Client> {
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { region, endpoint, pathStyle, credentials, timeoutMs = TIMEOUT_MS } = this.options;
    const config: S3ClientConfig = {
      region,
      forcePathStyle: pathStyle,
      maxAttempts: 3,
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
      // AWS wants checksums of its own where an object lock is; many compatible services know none of them.
      ...(endpoint && { endpoint, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }),
      ...(credentials && { credentials }),
    };
    return new S3Client(config);
  }
}

/** Wraps what the caller's own bytes failed with, so that it is handed back as it was. */
class SourceFailed extends Error {
  constructor(override readonly cause: Error) {
    super('the source of an upload failed');
  }
}

/** A body whose end is the end of its object: a connection that is lost on the way fails the stream. */
function flowing(body: Readable, check: Transform): Readable {
  body.on('error', (error: unknown) => check.destroy(blobErrors.damaged({ cause: new Error(failureName(error)) })));
  check.on('close', () => body.destroy());
  return body.pipe(check);
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

function incomplete(): AppError {
  return blobErrors.unavailable({ message: 'The bucket answered without the fields it promises.' });
}
