import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isSharedBlobStore } from '../../../../platform/blob/blob-factory.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { ContentDrop } from '../../../../platform/telemetry/metrics.js';
import { type AnswerCapture, type CapturedCall, ContentKeeper, type KeepRule } from '../../content.contract.js';
import type { ContentRow } from '../../data/content-rows.js';
import { BlobLane } from './blob-lane.js';
import { BoundedCapture, ContentRoom } from './bounded-capture.js';
import { KeepingWatch } from './keeping-watch.js';
import { SealCall, type WaitingCall } from './seal-call.js';
import { WriteContents } from './write-contents.js';

/** Calls whose content shares one write. */
const BATCH_CALLS = 1_024;
const BATCH_BYTES = 8 * 1_048_576;
/** How long the first call of a batch waits for others: a transaction costs as much as sealing twenty calls. Nobody waits for it. */
const LINGER_MS = 100;
/** Batches that are being written while the next one is sealed. */
const WRITES = 2;
/**
 * Calls sealed in one turn of the event loop: a third of a millisecond of work when few wait, and a share of those that do when there are more, up to
 * some four milliseconds. A busy loop turns seldom: with a fixed number more calls end in a turn than are sealed in it, and what waits only grows.
 */
const FEWEST_A_TURN = 8;
const SHARE_A_TURN = 1 / 8;
const MOST_A_TURN = 128;
/** How long content waits for a key or for the database, and between two tries. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;
const STOP_TURN_MS = 50;

interface SealedCall {
  readonly row: ContentRow;
  readonly bytes: number;
}

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
 * Takes content in memory, and seals and writes it a moment later, many calls at a time. While the key management service or the database is away
 * content waits, as far as there is room and for a minute at most; then it is dropped and counted. It never goes to a disk of ours, and what the
 * process had not written when it died is gone: a row is there whole or not at all.
 */
@Injectable()
export class QueuedKeeper extends ContentKeeper {
  private readonly room: ContentRoom;
  /** Of one input or one output. */
  private readonly maxBytes: number;
  /** Of both, past which they go to the blob store. */
  private readonly blobBytes: number;
  private waiting: WaitingCall[] = [];
  /** Calls that found no key. */
  private readonly parked: WaitingCall[] = [];
  private parkTimer: NodeJS.Timeout | undefined;
  private sealFailure: unknown = null;
  /** Calls whose content is in the blob store and whose rows are still to be written. */
  private readonly stored: SealedCall[] = [];
  /** Calls on their way into the blob store. */
  private storing = 0;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | null = null;
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
    if (bounded.bytes > this.blobBytes) {
      void this.store(bounded);
      return true;
    }
    this.waiting.push(bounded);
    this.schedule(LINGER_MS);
    return true;
  }

  override async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const deadline = this.watch.clock.monotonicMs() + graceMs;
    const abandon = setTimeout(() => (this.abandoned = true), graceMs);
    while (this.watch.clock.monotonicMs() < deadline && this.hasWork) {
      if (this.waiting.length + this.stored.length > 0) this.begin();
      await Promise.race([this.working ?? pause(STOP_TURN_MS), pause(Math.max(0, deadline - this.watch.clock.monotonicMs()))]);
    }
    clearTimeout(abandon);
    this.abandoned = true;
    this.steps.lane.stop();
    clearTimeout(this.timer);
    clearTimeout(this.parkTimer);
    this.drop('stopping', [...this.waiting.splice(0), ...this.parked.splice(0), ...this.stored.splice(0)]);
  }

  private get hasWork(): boolean {
    const queued = this.waiting.length + this.parked.length + this.stored.length;
    return queued + this.storing + this.writes.size > 0 || this.working !== null;
  }

  /** Cut to what is kept of one call. An input that will be redacted is cut afterwards, if at all: half a secret looks like none. */
  private bounded(rule: KeepRule, call: CapturedCall): WaitingCall {
    const cutRequest = call.request.length > this.maxBytes && !rule.redact;
    const request = cutRequest ? Buffer.from(call.request.subarray(0, this.maxBytes)) : call.request;
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
    this.storing += 1;
    const end = await this.steps.lane.run(call);
    this.storing -= 1;
    if ('dropped' in end) return this.drop(end.dropped, [call]);
    if (this.abandoned) return this.drop('stopping', [call]);
    this.stored.push({ row: end.row, bytes: call.bytes });
    this.schedule(0);
  }

  private schedule(ms: number): void {
    if (this.working !== null || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.begin();
    }, ms);
  }

  private begin(): void {
    if (this.working !== null) return;
    this.working = this.work()
      .catch((error: unknown) => this.watch.broke(error))
      .finally(() => {
        this.working = null;
        if (this.waiting.length + this.stored.length > 0 && !this.abandoned) this.schedule(this.stopping || this.isBehind ? 0 : LINGER_MS);
      });
  }

  /** Whether there is enough for a batch already. */
  private get isBehind(): boolean {
    return this.waiting.length >= BATCH_CALLS / 4;
  }

  /** Seals a batch, and begins to write it: the next one is sealed meanwhile. */
  private async work(): Promise<void> {
    const batch = this.takeBatch();
    const sealed = this.stored.splice(0);
    for (let at = 0; at < batch.length; ) {
      const calls = this.callsThisTurn(batch.length - at);
      const some = await Promise.all(batch.slice(at, at + calls).map((waiting) => this.seal(waiting)));
      sealed.push(...some.filter((each) => each !== null));
      at += calls;
      await nextTurn();
    }
    this.unparkLater();
    if (sealed.length === 0) return;
    while (this.writes.size >= WRITES) await Promise.race(this.writes);
    const write = this.write(sealed)
      .catch((error: unknown) => this.watch.broke(error))
      .finally(() => this.writes.delete(write));
    this.writes.add(write);
  }

  private callsThisTurn(left: number): number {
    const share = Math.ceil((left + this.waiting.length) * SHARE_A_TURN);
    return Math.min(left, MOST_A_TURN, Math.max(FEWEST_A_TURN, share));
  }

  private takeBatch(): WaitingCall[] {
    let bytes = 0;
    let calls = 0;
    while (calls < this.waiting.length && calls < BATCH_CALLS && bytes < BATCH_BYTES) bytes += this.waiting[calls++]?.bytes ?? 0;
    return this.waiting.splice(0, calls);
  }

  /** Null when there is nothing to write: not yet, or never. */
  private async seal(waiting: WaitingCall): Promise<SealedCall | null> {
    try {
      const row = await this.steps.sealing.run(waiting);
      if (row === null) this.drop('not_redacted', [waiting]);
      return row && { row, bytes: waiting.bytes };
    } catch (error) {
      this.sealFailure = error;
      if (this.isOverdue(waiting)) this.drop('no_key', [waiting]);
      else this.parked.push(waiting);
      return null;
    }
  }

  /** What found no key is tried again in a moment. Of other organisations nothing waits for it. */
  private unparkLater(): void {
    if (this.parked.length === 0) return;
    if (this.sealFailure !== null) this.watch.waitsForKey(this.parked.length, this.sealFailure);
    this.sealFailure = null;
    this.parkTimer ??= setTimeout(() => this.unpark(), RETRY_MS).unref();
  }

  private unpark(): void {
    clearTimeout(this.parkTimer);
    this.parkTimer = undefined;
    this.waiting.push(...this.parked.splice(0));
    if (this.waiting.length > 0) this.schedule(0);
  }

  private async write(sealed: readonly SealedCall[]): Promise<void> {
    const rows = sealed.map(({ row }) => row);
    const since = this.watch.clock.monotonicMs();
    for (let tries = 0; ; tries += 1) {
      try {
        await this.steps.writing.run(rows);
        break;
      } catch (error) {
        this.steps.writing.doubt();
        if (tries === 0) this.watch.waitsForDatabase(rows.length, error);
        if (this.abandoned || this.watch.clock.monotonicMs() - since >= PATIENCE_MS) return this.drop('not_written', sealed);
        await pause(RETRY_MS);
      }
    }
    this.watch.kept(rows);
    this.free(sealed);
  }

  private isOverdue({ takenAtMs }: WaitingCall): boolean {
    return this.abandoned || this.watch.clock.monotonicMs() - takenAtMs >= PATIENCE_MS;
  }

  private drop(reason: ContentDrop, calls: readonly { readonly bytes: number }[]): void {
    if (calls.length === 0) return;
    this.watch.dropped(reason, calls.length);
    this.free(calls);
  }

  private free(calls: readonly { readonly bytes: number }[]): void {
    for (const { bytes } of calls) this.room.giveBack(bytes);
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** The pieces up to a number of bytes. What is cut is copied: a part would keep the whole piece in memory. */
function cutTo(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  return sizeOf(pieces) <= bytes ? pieces : [Buffer.from(Buffer.concat(pieces).subarray(0, bytes))];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
