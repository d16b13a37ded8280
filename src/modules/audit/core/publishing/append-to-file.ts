import { open } from 'node:fs/promises';
import { auditErrors } from '../../audit.errors.js';
import { type Checkpoint, readTreeHead } from '../log/checkpoint.js';
import type { CheckpointDestination } from './checkpoint-destination.js';

/** How much of the end is read to see what was appended last: many checkpoints. */
const TAIL_BYTES = 64 * 1024;

/** Appends each checkpoint to one file, with an empty line behind it. Opened for appending only, so that a medium may enforce it. */
export class AppendToFile implements CheckpointDestination {
  readonly kind = 'file';
  readonly id: string;

  constructor(private readonly path: string) {
    this.id = `file:${path}`;
  }

  async publish({ note, size }: Checkpoint): Promise<void> {
    const file = await open(this.path, 'a+', 0o644);
    try {
      const end = (await file.stat()).size;
      const from = Math.max(0, end - TAIL_BYTES);
      const tail = Buffer.alloc(end - from);
      await file.read(tail, 0, tail.length, from);
      // A process that was killed between appending and noting it down appends again.
      if (tail.includes(`${note}\n`)) return;
      if (signedSizes(note, tail.toString('utf8')).has(size)) throw auditErrors.published_differently();
      await file.appendFile(`${note}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** The sizes this log has checkpoints of in `text`, which may begin in the middle of one. */
function signedSizes(note: string, text: string): Set<number> {
  const origin = note.slice(0, note.indexOf('\n'));
  const starts = [...text.matchAll(new RegExp(`^${origin.replaceAll('.', '\\.')}$`, 'gm'))].map(({ index }) => index);
  return new Set(starts.flatMap((start) => readTreeHead(origin, text.slice(start))?.size ?? []));
}
