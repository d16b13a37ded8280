/** Whatever is started on a database goes through this first. Also the injection token. */
export abstract class RestoredDatabase {
  /**
   * Does erasures again that were made after the backup this database was restored from (D4, D5); nothing to do on any other. Raises `backups/no_replayer`,
   * `backups/damaged`, `blob/*` and `kms/*` when `lethe restore` made the database and it cannot be put right: then nothing may be served.
   */
  abstract putRight(): Promise<void>;
}
