import { Writable } from 'node:stream';
import { BackupArchive } from '../../../modules/backups/core/archive/backup-archive.js';
import type { Piece } from './store.js';

/** The rows in every backup there is, opened with the key that a restore would use. */
export async function* backedUpRows(archive: BackupArchive): AsyncIterable<Piece> {
  for (const { id, kind, takenAt } of await archive.list()) {
    const backup = await archive.open(await archive.find(id));
    try {
      for (const part of backup.parts.filter(({ rows }) => rows > 0)) {
        const pieces: Buffer[] = [];
        const into = new Writable({
          write(piece: Buffer, _encoding, done) {
            pieces.push(piece);
            done();
          },
        });
        await backup.read(part, into);
        yield {
          location: `${kind} backup of ${takenAt.toISOString().slice(0, 10)}, ${part.table}`,
          source: { bytes: Buffer.concat(pieces) },
        };
      }
    } finally {
      backup.close();
    }
  }
}
