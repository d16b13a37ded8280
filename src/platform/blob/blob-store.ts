import type { Readable } from 'node:stream';

/** What is known of an object without reading it. */
export interface BlobFacts {
  readonly key: string;
  readonly bytes: number;
  /** By the store's own clock. */
  readonly modifiedAt: Date;
}

/** Some of the objects under a prefix, in the byte order of their keys. */
export interface BlobPage {
  readonly blobs: readonly BlobFacts[];
  /** What to give as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

export interface BlobListOptions {
  /** Only keys behind this one. */
  readonly after?: string;
  /** 1 to 1,000, which is also the default. */
  readonly limit?: number;
}

/** What an object is made of, whole or in pieces. A source that fails leaves no object behind. */
export type BlobBody = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Large things that do not belong into the database, by key: `<declared prefix>/<segment>…`; see `requireBlobKey`. Also the injection token.
 * An object is there whole or not at all, and durable when `put` returns.
 *
 * Every failure is an `AppError`: `blob/not_found` for an object that is not there, and for nothing else; `blob/unavailable` for an outage,
 * `blob/denied` when the store does not admit Lethe, `blob/misconfigured` for a wrong bucket or folder, `blob/damaged` for one cut short.
 * Objects are not encrypted here: whoever puts one seals it first.
 */
export abstract class BlobStore {
  /** Keeps `body` under `key`, in place of what is there. Answers its length in bytes. Memory is bounded whatever the length. */
  abstract put(key: string, body: BlobBody, signal?: AbortSignal): Promise<number>;

  /** The object as a stream, which fails with `blob/damaged` when it ends early. Raises `blob/not_found`. */
  abstract get(key: string, signal?: AbortSignal): Promise<Readable>;

  /** Removes an object and every version of it the store still holds. One that is not there is no error. */
  abstract delete(key: string, signal?: AbortSignal): Promise<void>;

  abstract list(prefix: string, options?: BlobListOptions, signal?: AbortSignal): Promise<BlobPage>;

  /** What is known of an object, or null when there is none: the store was asked, and said so. */
  abstract stat(key: string, signal?: AbortSignal): Promise<BlobFacts | null>;

  /**
   * Removes what puts that were interrupted before `before` have left behind, which no key leads to: of one declared prefix, or of all. Answers how many.
   */
  abstract discardUnfinished(before: Date, signal?: AbortSignal, part?: string): Promise<number>;

  /** For readiness and `doctor`: whether the store answers and admits Lethe. */
  abstract check(signal?: AbortSignal): Promise<void>;

  /** Lets go of connections. The store is not used afterwards. */
  abstract dispose(): Promise<void>;
}

export const LARGEST_BLOB_PAGE = 1_000;
