import { Injectable } from '@nestjs/common';
import { joined, ownCopy } from '../../../../kernel/bytes.js';
import { isSharedBlobStore } from '../../../../platform/blob/blob-factory.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { ContentDrop } from '../../../../platform/telemetry/metrics.js';
import { type AnswerCapture, type CapturedCall, ContentKeeper, type KeepRule } from '../../content.contract.js';
import { BlobLane } from './blob-lane.js';
import { BoundedCapture, ContentRoom } from './bounded-capture.js';
import { KeepingWatch } from './keeping-watch.js';
import { SealCall, type SealedContent, type WaitingCall } from './seal-call.js';
import { SealedBatch } from './sealed-batch.js';
import { WriteContents } from './write-contents.js';

/** Calls whose content shares one write at most, and their sealed bytes. */
const BATCH_CALLS = 1_024;
const BATCH_BYTES = 8 * 1_048_576;
/** How long the first call of a batch waits for others: a transaction costs as much as sealing twenty calls. Nobody waits for it. */
const LINGER_MS = 100;
/** Batches that are being written while the next one is filled. */
const WRITES = 2;
/** Calls sealed in one turn of the event loop at most: some two milliseconds of work. What a busy loop leaves for later turns outlives collections. */
const MOST_A_TURN = 128;
/** How long content waits for a key or for the database, and between two tries. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;
const STOP_TURN_MS = 50;

/** What becomes of content: sealed into a row, or into an object and the row that leads to it, and written. */
@Injectable()
export class KeepingSteps {
  constructor(
    readonly sealing: SealCall,
    readonly lane: BlobLane,
    readonly writing: WriteContents,
  ) {}
}

/**
 * Takes content in memory, seals it in the turn in which its call ends, and writes it a moment later, many calls at a time. Only ciphertext waits for
 * others: plaintext that lives for a tenth of a second outlives two collections of the young generation. While the key management service or the
 * database is away content waits, as far as there is room and for a minute at most; then it is dropped and counted. It never goes to a disk of
 * ours, and what the process had not written when it died is gone: a row is there whole or not at all.
 */
@Injectable()
export class QueuedKeeper extends ContentKeeper {
  private readonly room: ContentRoom;
  /** Of one input or one output. */
  private readonly maxBytes: number;
  /** Of both, past which they go to the blob store. */
  private readonly blobBytes: number;
  /** Calls to be sealed in this turn or one of the next. */
  private readonly waiting: WaitingCall[] = [];
  private turn: NodeJS.Immediate | undefined;
  /** Calls that found no key. */
  private readonly parked: WaitingCall[] = [];
  private parkTimer: NodeJS.Timeout | undefined;
  private sealFailure: unknown = null;
  /** Calls that somebody else is at work on: a key on its way, redaction, another thread, the blob store. */
  private aside = 0;
  /** What is sealed: the batch that is being filled, those that are full, and empty ones for reuse. */
  private batch = new SealedBatch();
  private readonly full: SealedBatch[] = [];
  private readonly spare: SealedBatch[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly writes = new Set<Promise<void>>();
  private stopping = false;
  private abandoned = false;

  constructor(
    settings: Settings,
    private readonly steps: KeepingSteps,
    private readonly watch: KeepingWatch,
  ) {
    super();
    const { contentMaxBytes, contentBlobBytes, contentMemoryBytes } = settings;
    const usesBlobs = isSharedBlobStore(settings);
    this.maxBytes = usesBlobs ? contentMaxBytes : Math.min(contentMaxBytes, contentBlobBytes);
    this.blobBytes = usesBlobs ? contentBlobBytes : Number.POSITIVE_INFINITY;
    this.room = new ContentRoom(contentMemoryBytes, contentBlobBytes);
  }

  override capture(): AnswerCapture | null {
    if (!this.stopping && !this.room.isFull) return new BoundedCapture(this.room, this.maxBytes);
    this.watch.dropped(this.stopping ? 'stopping' : 'no_room', 1);
    return null;
  }

  override keep(rule: KeepRule, call: CapturedCall): boolean {
    const bounded = this.bounded(rule, call);
    if (this.stopping || !this.room.take(bounded.bytes)) {
      this.watch.dropped(this.stopping ? 'stopping' : 'no_room', 1);
      return false;
    }
    if (bounded.bytes > this.blobBytes) void this.store(bounded);
    else this.enqueue(bounded);
    return true;
  }

  override async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const deadline = this.watch.clock.monotonicMs() + graceMs;
    const abandon = setTimeout(() => (this.abandoned = true), graceMs);
    while (this.watch.clock.monotonicMs() < deadline && this.hasWork) {
      this.flush();
      await Promise.race([...this.writes, pause(Math.min(STOP_TURN_MS, Math.max(0, deadline - this.watch.clock.monotonicMs())))]);
    }
    clearTimeout(abandon);
    this.abandoned = true;
    this.steps.lane.stop();
    clearTimeout(this.timer);
    clearTimeout(this.parkTimer);
    clearImmediate(this.turn);
    for (const call of [...this.waiting.splice(0), ...this.parked.splice(0)]) this.drop('stopping', call);
    for (const batch of [...this.full.splice(0), this.takeBatch()]) this.dropBatch('stopping', batch);
  }

  private get hasWork(): boolean {
    const calls = this.waiting.length + this.parked.length + this.batch.calls + this.aside;
    return calls + this.full.length + this.writes.size > 0;
  }

  /** Cut to what is kept of one call. An input that will be redacted is cut afterwards, if at all: half a secret looks like none. */
  private bounded(rule: KeepRule, call: CapturedCall): WaitingCall {
    const cutRequest = call.request.length > this.maxBytes && !rule.redact;
    const request = cutRequest ? ownCopy(call.request.subarray(0, this.maxBytes)) : call.request;
    const answer = call.answer === null ? null : cutTo(call.answer, this.maxBytes);
    const bytes = request.length + sizeOf(answer ?? []);
    const answerCut = call.answerCut || (call.answer !== null && sizeOf(answer ?? []) < sizeOf(call.answer));
    return {
      rule,
      call: { ...call, request, answer, answerCut },
      requestCut: cutRequest,
      writtenAtMs: this.watch.clock.nowMs(),
      takenAtMs: this.watch.clock.monotonicMs(),
      bytes,
    };
  }

  private async store(call: WaitingCall): Promise<void> {
    this.aside += 1;
    const end = await this.steps.lane.run(call);
    this.aside -= 1;
    if ('dropped' in end) return this.drop(end.dropped, call);
    if (this.abandoned) return this.drop('stopping', call);
    this.batch.addStored(end.row, call.bytes);
    this.filled();
  }

  private enqueue(...calls: readonly WaitingCall[]): void {
    this.waiting.push(...calls);
    this.turn ??= setImmediate(() => this.sealSome());
  }

  private sealSome(): void {
    for (const call of this.waiting.splice(0, MOST_A_TURN)) this.seal(call);
    this.turn = this.waiting.length > 0 ? setImmediate(() => this.sealSome()) : undefined;
  }

  private seal(call: WaitingCall): void {
    let sealed: ReturnType<SealCall['run']>;
    try {
      sealed = this.steps.sealing.run(call);
    } catch (error) {
      return this.unsealed(call, error);
    }
    if (sealed instanceof Promise) void this.sealAside(call, sealed);
    else this.add(call, sealed);
  }

  private async sealAside(call: WaitingCall, sealing: Promise<SealedContent | null>): Promise<void> {
    this.aside += 1;
    try {
      this.add(call, await sealing);
    } catch (error) {
      this.unsealed(call, error);
    } finally {
      this.aside -= 1;
    }
  }

  private add(call: WaitingCall, sealed: SealedContent | null): void {
    if (sealed === null) return this.drop('not_redacted', call);
    if (this.abandoned) return this.drop('stopping', call);
    this.batch.add(sealed.facts, sealed.pieces, call.bytes);
    this.filled();
  }

  /** What found no key is tried again in a moment. Of other organisations nothing waits for it. */
  private unsealed(call: WaitingCall, error: unknown): void {
    if (this.isOverdue(call.takenAtMs)) return this.drop('no_key', call);
    this.sealFailure = error;
    this.parked.push(call);
    this.parkTimer ??= setTimeout(() => this.unpark(), RETRY_MS).unref();
  }

  private unpark(): void {
    this.parkTimer = undefined;
    this.watch.waitsForKey(this.parked.length, this.sealFailure);
    this.sealFailure = null;
    this.enqueue(...this.parked.splice(0));
  }

  /** Something was added to the batch: it is written when it is full or a moment old, whichever is first. */
  private filled(): void {
    if (this.batch.calls >= BATCH_CALLS || this.batch.bytes >= BATCH_BYTES) {
      this.full.push(this.takeBatch());
      this.flush();
    } else {
      this.timer ??= setTimeout(() => this.flush(), LINGER_MS);
    }
  }

  /** What was filled so far; another one is filled from here on. */
  private takeBatch(): SealedBatch {
    const { batch } = this;
    this.batch = this.spare.pop() ?? new SealedBatch();
    return batch;
  }

  /** Writes what is sealed, as far as there is a writer for it: while there is none the batch grows. */
  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.writes.size < WRITES && this.full.length + this.batch.calls > 0) {
      const batch = this.full.shift() ?? this.takeBatch();
      const write = this.write(batch)
        .catch((error: unknown) => this.watch.broke(error))
        .finally(() => this.written(write));
      this.writes.add(write);
    }
  }

  private written(write: Promise<void>): void {
    this.writes.delete(write);
    if (!this.abandoned && (this.timer === undefined || this.full.length > 0)) this.flush();
  }

  private async write(batch: SealedBatch): Promise<void> {
    const since = this.watch.clock.monotonicMs();
    for (let tries = 0; ; tries += 1) {
      try {
        await this.steps.writing.run(batch);
        break;
      } catch (error) {
        this.steps.writing.doubt();
        if (tries === 0) this.watch.waitsForDatabase(batch.calls, error);
        if (this.isOverdue(since)) return this.dropBatch('not_written', batch);
        await pause(RETRY_MS);
      }
    }
    for (const { store, rows } of batch.parts()) this.watch.kept(store, rows.length);
    this.recycle(batch);
  }

  /** Whether what has waited from this moment on has waited for long enough. */
  private isOverdue(sinceMs: number): boolean {
    return this.abandoned || this.watch.clock.monotonicMs() - sinceMs >= PATIENCE_MS;
  }

  private drop(reason: ContentDrop, { bytes }: WaitingCall): void {
    this.watch.dropped(reason, 1);
    this.room.giveBack(bytes);
  }

  private dropBatch(reason: ContentDrop, batch: SealedBatch): void {
    if (batch.calls > 0) this.watch.dropped(reason, batch.calls);
    this.recycle(batch);
  }

  private recycle(batch: SealedBatch): void {
    for (const bytes of batch.room) this.room.giveBack(bytes);
    batch.clear();
    if (this.spare.length < WRITES) this.spare.push(batch);
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** The pieces up to a number of bytes. What is cut is copied: a part would keep the whole piece in memory. */
function cutTo(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  return sizeOf(pieces) <= bytes ? pieces : [ownCopy(joined(pieces).subarray(0, bytes))];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
