import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { encodeKeyContext } from '../../../../platform/kms/key-context.js';
import { backupsErrors } from '../../backups.errors.js';

/** Plaintext of a chunk but the last, which may be shorter or empty. */
const CHUNK_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const IV_BYTES = 12;
const LENGTH_BYTES = 4;

/** What every chunk is bound to: it opens at its place in its part of its backup, and nowhere else. */
export interface PartBinding {
  readonly backup: string;
  /** The part's number within the backup; no two share one, for it is half of every nonce. */
  readonly part: number;
  readonly name: string;
}

/**
 * Seals a stream in chunks of AES-256-GCM, each as `length(4) ‖ ciphertext ‖ tag(16)`. The nonce is `part(4) ‖ counter(8)`, so none repeats under
 * one data key; the counter and whether a chunk is the last are authenticated with it. This is the STREAM construction (Hoang, Reyhanitabar,
 * Rogaway, Vizár 2015): a chunk that is missing, repeated, swapped or cut off is noticed at the first byte after it.
 */
export function sealChunks(dataKey: Buffer, binding: PartBinding): Transform {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let counter = 0;
  const seal = (plaintext: Buffer, isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonceOf(binding, counter));
    cipher.setAAD(associatedData(binding, counter, isLast));
    counter += 1;
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(ciphertext.length);
    return Buffer.concat([length, ciphertext]);
  };
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      held.push(piece);
      heldBytes += piece.length;
      // One byte more than a chunk: the last chunk is the one that nothing follows.
      if (heldBytes > CHUNK_BYTES) {
        const bytes = Buffer.concat(held);
        let at = 0;
        for (; bytes.length - at > CHUNK_BYTES; at += CHUNK_BYTES) this.push(seal(bytes.subarray(at, at + CHUNK_BYTES), false));
        held = [bytes.subarray(at)];
        heldBytes = bytes.length - at;
      }
      done();
    },
    flush(done) {
      done(null, seal(Buffer.concat(held), true));
    },
  });
}

/** Opens what {@link sealChunks} sealed. Nothing passes that is not authenticated; anything wrong fails with `backups/damaged`. */
export function openChunks(dataKey: Buffer, binding: PartBinding): Transform {
  const frames = new Frames();
  let counter = 0;
  const open = (frame: Buffer, isLast: boolean): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, nonceOf(binding, counter), { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(binding, counter, isLast));
    decipher.setAuthTag(frame.subarray(-TAG_BYTES));
    counter += 1;
    const opened = decipher.update(frame.subarray(0, -TAG_BYTES));
    decipher.final();
    return opened;
  };
  const orDamaged = (done: TransformCallback, work: () => void): void => {
    try {
      work();
    } catch {
      done(backupsErrors.damaged());
      return;
    }
    done();
  };
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      orDamaged(done, () => {
        frames.add(piece);
        for (let frame = frames.takeOneOfTwo(); frame; frame = frames.takeOneOfTwo()) this.push(open(frame, false));
      });
    },
    flush(done) {
      orDamaged(done, () => this.push(open(frames.takeLast(), true)));
    },
  });
}

/** Cuts a stream into frames, and keeps the newest back: only the end of the stream tells that it is the last. */
class Frames {
  private bytes: Buffer = Buffer.alloc(0);

  add(piece: Buffer): void {
    this.bytes = this.bytes.length === 0 ? piece : Buffer.concat([this.bytes, piece]);
  }

  /** A whole frame that something follows. */
  takeOneOfTwo(): Buffer | null {
    const end = this.endOfFirst();
    if (end === null || this.bytes.length <= end) return null;
    const frame = this.bytes.subarray(LENGTH_BYTES, end);
    this.bytes = this.bytes.subarray(end);
    return frame;
  }

  takeLast(): Buffer {
    if (this.endOfFirst() !== this.bytes.length) throw new Error('cut short');
    return this.bytes.subarray(LENGTH_BYTES);
  }

  private endOfFirst(): number | null {
    if (this.bytes.length < LENGTH_BYTES) return null;
    const length = this.bytes.readUInt32BE(0);
    // Before it is authenticated a length is only somebody's word: it never makes this wait for more than a chunk.
    if (length < TAG_BYTES || length > CHUNK_BYTES + TAG_BYTES) throw new Error('not a frame');
    return LENGTH_BYTES + length;
  }
}

function nonceOf({ part }: PartBinding, counter: number): Buffer {
  const nonce = Buffer.alloc(IV_BYTES);
  nonce.writeUInt32BE(part);
  nonce.writeBigUInt64BE(BigInt(counter), 4);
  return nonce;
}

function associatedData({ backup, part, name }: PartBinding, counter: number, isLast: boolean): Buffer {
  return encodeKeyContext({
    purpose: 'lethe/backup/chunk/1',
    backup,
    part: String(part),
    name,
    counter: String(counter),
    last: isLast ? 'yes' : 'no',
  });
}
