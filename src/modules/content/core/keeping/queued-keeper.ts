import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Settings } from '../../../../platform/config/settings.js';
import type { ContentDrop } from '../../../../platform/telemetry/metrics.js';
import { type AnswerCapture, type CapturedCall, ContentKeeper, type KeepRule } from '../../content.contract.js';
import type { ContentRow } from '../../data/content-rows.js';
import { BoundedCapture, ContentRoom } from './bounded-capture.js';
import { KeepingWatch } from './keeping-watch.js';
import { SealCall, type WaitingCall } from './seal-call.js';
import { WriteContents } from './write-contents.js';

/** Calls whose content shares one write. */
const BATCH_CALLS = 1_024;
const BATCH_BYTES = 8 * 1_048_576;
/** How long the first call of a batch waits for others: a transaction costs as much as sealing twenty calls. Nobody waits for it. */
const LINGER_MS = 100;
/** Calls sealed in one turn of the event loop: about a third of a millisecond of work. */
const CALLS_PER_TURN = 8;
/** How long content waits for a key or for the database, and between two tries. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;
const STOP_TURN_MS = 50;

interface SealedCall {
  readonly row: ContentRow;
  readonly bytes: number;
}

/**
 * Takes content in memory, and seals and writes it a moment later, many calls at a time. While the key management service or the database is away
 * content waits, as far as there is room and for a minute at most; then it is dropped and counted. It never goes to a disk of ours, and what the
 * process had not written when it died is gone: a row is there whole or not at all.
 */
@Injectable()
export class QueuedKeeper extends ContentKeeper {
  private readonly room: ContentRoom;
  private readonly maxBytes: number;
  private waiting: WaitingCall[] = [];
  /** Calls that found no key. */
  private readonly parked: WaitingCall[] = [];
  private parkTimer: NodeJS.Timeout | undefined;
  private sealFailure: unknown = null;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | null = null;
  private stopping = false;
  private abandoned = false;

  constructor(
    settings: Settings,
    private readonly sealing: SealCall,
    private readonly writing: WriteContents,
    private readonly watch: KeepingWatch,
  ) {
    super();
    this.room = new ContentRoom(settings.contentMemoryBytes);
    this.maxBytes = settings.contentMaxBytes;
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
    this.waiting.push(bounded);
    this.schedule(LINGER_MS);
    return true;
  }

  override async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const deadline = this.watch.clock.monotonicMs() + graceMs;
    const abandon = setTimeout(() => (this.abandoned = true), graceMs);
    while (this.watch.clock.monotonicMs() < deadline && (this.waiting.length > 0 || this.parked.length > 0 || this.working !== null)) {
      if (this.waiting.length > 0) this.begin();
      await Promise.race([this.working ?? pause(STOP_TURN_MS), pause(Math.max(0, deadline - this.watch.clock.monotonicMs()))]);
    }
    clearTimeout(abandon);
    this.abandoned = true;
    clearTimeout(this.timer);
    clearTimeout(this.parkTimer);
    this.drop('stopping', [...this.waiting.splice(0), ...this.parked.splice(0)]);
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
        if (this.waiting.length > 0 && !this.abandoned) this.schedule(this.stopping ? 0 : LINGER_MS);
      });
  }

  private async work(): Promise<void> {
    const batch = this.takeBatch();
    const sealed: SealedCall[] = [];
    for (let at = 0; at < batch.length; at += CALLS_PER_TURN) {
      const some = await Promise.all(batch.slice(at, at + CALLS_PER_TURN).map((waiting) => this.seal(waiting)));
      sealed.push(...some.filter((each) => each !== null));
      await nextTurn();
    }
    this.unparkLater();
    if (sealed.length > 0) await this.write(sealed);
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
      const row = await this.sealing.run(waiting);
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
        await this.writing.run(rows);
        break;
      } catch (error) {
        this.writing.doubt();
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
