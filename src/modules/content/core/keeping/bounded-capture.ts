import { AnswerCapture } from '../../content.contract.js';

/** Memory that content may take in this process, all calls together. */
export class ContentRoom {
  private taken = 0;

  constructor(private readonly bytes: number) {}

  get isFull(): boolean {
    return this.taken >= this.bytes;
  }

  /** False, and nothing is taken, when there is not that much left. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.bytes) return false;
    this.taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.taken -= bytes;
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
    const hasRoom = this.room.take(fits);
    this.isCut = !hasRoom || fits < piece.length;
    if (!hasRoom || fits === 0) return;
    this.taken += fits;
    // What is cut is copied: a part would keep the whole piece in memory.
    this.pieces.push(fits === piece.length ? piece : Buffer.from(piece.subarray(0, fits)));
  }

  override release(): void {
    this.room.giveBack(this.taken);
    this.taken = 0;
    this.isCut = true;
  }
}
