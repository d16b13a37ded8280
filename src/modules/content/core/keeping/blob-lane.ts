import { Injectable } from '@nestjs/common';
import type { ContentDrop } from '../../../../platform/telemetry/metrics.js';
import type { ContentRow } from '../../data/content-rows.js';
import { ContentBlobs } from './content-blobs.js';
import { KeepingWatch } from './keeping-watch.js';
import { type LargeContent, SealCall, type WaitingCall } from './seal-call.js';

/** Uploads at a time: each has a few chunks in memory beside the call it is made from. */
const UPLOADS = 2;
/** How long a call waits for a key or the store, and between two tries. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;

/** What became of a large call: the row that leads to its object, or why there is none. */
type LaneEnd = { readonly row: ContentRow } | { readonly dropped: ContentDrop };

/** Puts large content into the blob store, a few at a time, beside the many small ones that never wait for it. */
@Injectable()
export class BlobLane {
  private readonly waiting: (() => void)[] = [];
  private uploading = 0;
  private readonly stopped = new AbortController();

  constructor(
    private readonly sealing: SealCall,
    private readonly blobs: ContentBlobs,
    private readonly watch: KeepingWatch,
  ) {}

  /** Never rejects. The object is durable when there is a row. */
  async run(call: WaitingCall): Promise<LaneEnd> {
    if (this.uploading >= UPLOADS) await new Promise<void>((go) => this.waiting.push(go));
    this.uploading += 1;
    try {
      return await this.store(call);
    } finally {
      this.uploading -= 1;
      this.waiting.shift()?.();
    }
  }

  /** Ends what is under way; what has not begun is not begun. */
  stop(): void {
    this.stopped.abort();
  }

  private async store(call: WaitingCall): Promise<LaneEnd> {
    for (let tries = 0; ; tries += 1) {
      const end = await this.attempt(call, tries === 0);
      if (!('dropped' in end) || end.dropped === 'not_redacted') return end;
      if (this.stopped.signal.aborted) return { dropped: 'stopping' };
      if (this.watch.clock.monotonicMs() - call.takenAtMs >= PATIENCE_MS) return end;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }

  private async attempt(call: WaitingCall, isFirst: boolean): Promise<LaneEnd> {
    if (this.stopped.signal.aborted) return { dropped: 'stopping' };
    let large: LargeContent | null;
    try {
      large = await this.sealing.runLarge(call);
    } catch (error) {
      if (isFirst) this.watch.waitsForKey(1, error);
      return { dropped: 'no_key' };
    }
    if (large === null) return { dropped: 'not_redacted' };
    try {
      await this.blobs.put(large.row, large.sealed(), AbortSignal.any([this.stopped.signal, AbortSignal.timeout(PATIENCE_MS)]));
      return { row: large.row };
    } catch (error) {
      if (isFirst) this.watch.waitsForBlobStore(error);
      return { dropped: 'not_written' };
    }
  }
}
