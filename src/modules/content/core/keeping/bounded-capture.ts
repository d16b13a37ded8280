import { ownCopy } from '../../../../kernel/bytes.js';
import { AnswerCapture } from '../../content.contract.js';

/** Memory that content may take in this process, all calls together. A few large ones leave the other half of it to the many small ones. */
export class ContentRoom {
  private taken = 0;
  private takenByLarge = 0;

  /** `largeFrom`: bytes of one call past which the rest of it counts as large. */
  constructor(
    private readonly bytes: number,
    private readonly largeFrom: number,
  ) {}

  get isFull(): boolean {
    return this.taken >= this.bytes;
  }

  /** For a call that has `already` so many. False, and nothing is taken, when there is not that much left. */
  take(bytes: number, already = 0): boolean {
    const large = this.largePart(already + bytes) - this.largePart(already);
    if (this.taken + bytes > this.bytes) return false;
    if (large > 0 && this.takenByLarge + large > this.bytes / 2) return false;
    this.taken += bytes;
    this.takenByLarge += large;
    return true;
  }

  /** All that one call has. */
  giveBack(bytes: number): void {
    this.taken -= bytes;
    this.takenByLarge -= this.largePart(bytes);
  }

  private largePart(bytes: number): number {
    return Math.max(0, bytes - this.largeFrom);
  }
}

/** Collects a stream up to a bound of its own, and no further than there is room: then it is cut, and says so. */
export class BoundedCapture extends AnswerCapture {
  readonly pieces: Buffer[] = [];
  isCut = false;
  private taken = 0;

  constructor(
    private readonly room: ContentRoom,
    private readonly maxBytes: number,
  ) {
    super();
  }

  override add(piece: Buffer): void {
    if (this.isCut) return;
    const fits = Math.min(piece.length, this.maxBytes - this.taken);
    const hasRoom = this.room.take(fits, this.taken);
    this.isCut = !hasRoom || fits < piece.length;
    if (!hasRoom || fits === 0) return;
    this.taken += fits;
    this.pieces.push(ownCopy(piece.subarray(0, fits)));
  }

  override release(): void {
    this.room.giveBack(this.taken);
    this.taken = 0;
    this.isCut = true;
  }
}
