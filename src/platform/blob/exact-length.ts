import { Transform } from 'node:stream';
import { blobErrors } from './blob.errors.js';

/** Passes bytes on and fails with `blob/damaged` when they end before, or go past, `bytes`. */
export function exactly(bytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      seen += piece.length;
      if (seen > bytes) done(blobErrors.damaged());
      else done(null, piece);
    },
    flush(done) {
      done(seen === bytes ? null : blobErrors.damaged());
    },
  });
}
