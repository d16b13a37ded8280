import { Injectable } from '@nestjs/common';
import { present } from '../../../../kernel/assert.js';
import { AppError } from '../../../../kernel/errors.js';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import { type BlobFacts, BlobStore } from '../../../../platform/blob/blob-store.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { CONTENT_STORES } from '../../content.contract.js';
import { contentErrors } from '../../content.errors.js';
import { CONTENT_PREFIX } from '../../data/content.inventory.js';
import { type ContentBlob, ContentBlobsRepository } from '../../data/content-blobs.repository.js';
import type { ContentRow } from '../../data/content-rows.js';

/** An object as the store lists it. */
export type ListedBlob = ContentBlob & BlobFacts;

/** Sealing adds less than this, and compressing what does not compress a thousandth. */
const OVERHEAD_BYTES = 65_536;
const OVERHEAD_SHARE = 1.01;

/**
 * Content above a size, in the blob store: `content/<installation>/<day>/<organisation>/<store>.<call>`, where the day is the last one of its row when
 * that was written. Days sort, so that what is due stands first. Sealed bytes alone come here.
 */
@Injectable()
export class ContentBlobs {
  private ours: string | undefined;

  constructor(
    private readonly store: BlobStore,
    private readonly unitOfWork: UnitOfWork,
    private readonly rows: ContentBlobsRepository,
  ) {}

  /** Rejects with `blob/*` and the database's errors. Putting it again replaces it. */
  async put(row: ContentRow, sealed: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await this.store.put(await this.keyOf(placeOf(row)), sealed, signal);
  }

  /** The sealed bytes. Raises `content/gone` where there are none, `content/unreadable` for more than there can be, `blob/*` when the store cannot be used. */
  async read(row: ContentRow): Promise<Buffer> {
    const mostBytes = (row.requestBytes + (row.answerBytes ?? 0)) * OVERHEAD_SHARE + OVERHEAD_BYTES;
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of await this.store.get(await this.keyOf(placeOf(row))).catch(absentAsGone)) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes > mostBytes) throw contentErrors.unreadable();
    }
    return Buffer.concat(pieces);
  }

  /** What there is, page by page, in the order of days. What has no name of ours is left out. */
  async *list(signal?: AbortSignal): AsyncGenerator<readonly ListedBlob[]> {
    const prefix = `${CONTENT_PREFIX}/${await this.installation()}/`;
    for (let after: string | null = ''; after !== null && signal?.aborted !== true; ) {
      const page = await this.store.list(prefix, after === '' ? {} : { after }, signal);
      yield page.blobs.flatMap((facts) => readName(facts, prefix));
      after = page.next;
    }
  }

  /** Those that a row leads to, or a copy of one that a legal hold keeps. */
  inUse(blobs: readonly ListedBlob[]): Promise<ReadonlySet<ListedBlob>> {
    return this.unitOfWork.asSystem((tx) => this.rows.inUse(tx, blobs));
  }

  delete({ key }: ListedBlob, signal?: AbortSignal): Promise<void> {
    return this.store.delete(key, signal);
  }

  /** Ciphertext of uploads that were interrupted before a moment. */
  async discardUnfinished(before: Date, signal?: AbortSignal): Promise<void> {
    await this.store.discardUnfinished(before, signal, CONTENT_PREFIX);
  }

  private async keyOf({ day, organisationId, store, callId }: ContentBlob): Promise<string> {
    return `${CONTENT_PREFIX}/${await this.installation()}/${day}/${organisationId}/${store}.${callId}`;
  }

  /** It never changes under a process: a restore is made before any starts. */
  private async installation(): Promise<string> {
    this.ours ??= await this.unitOfWork.asSystem((tx) => this.rows.installation(tx));
    return this.ours;
  }
}

function placeOf({ blobDay, organisationId, store, callId }: ContentRow): ContentBlob {
  return { day: present(blobDay, 'a row of content in the blob store'), organisationId, store, callId };
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const NAME = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)/(${UUID})/(${CONTENT_STORES.join('|')})\\.(${UUID})$`);

function readName(facts: BlobFacts, prefix: string): ListedBlob[] {
  const [, day, organisationId, store, callId] = NAME.exec(facts.key.slice(prefix.length)) ?? [];
  const known = CONTENT_STORES.find((each) => each === store);
  if (day === undefined || known === undefined) return [];
  return [{ ...facts, day, store: known, organisationId: organisationId as OrganisationId, callId: callId as CallId }];
}

function absentAsGone(error: unknown): never {
  throw error instanceof AppError && error.code === 'blob/not_found' ? contentErrors.gone({ cause: error }) : error;
}
