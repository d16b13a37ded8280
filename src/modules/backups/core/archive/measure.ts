import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** What went through: the same on the way in and on the way out. */
export interface Measure {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Passes a stream on and measures it. `taken()` once it has ended. */
export function measuring(): { readonly through: Transform; readonly taken: () => Measure } {
  const digest = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    transform(piece: Buffer, _encoding, done) {
      digest.update(piece);
      bytes += piece.length;
      done(null, piece);
    },
  });
  return { through, taken: () => ({ bytes, sha256: digest.digest('hex') }) };
}
