import { Command, CommandRunner, Option } from 'nest-commander';
import { SystemClock } from '../kernel/clock.js';
import { isId } from '../kernel/ids.js';
import type { BackupId } from '../modules/backups/core/archive/backup-header.js';
import { RestoreBackup } from '../modules/backups/core/restore/restore-backup.js';
import { withArchive } from './backup.js';
import { UsageError } from './exit-codes.js';
import { Installation } from './installation.js';
import { Terminal } from './terminal.js';

interface RestoreOptions {
  readonly into?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

@Command({
  name: 'restore',
  arguments: '<id>',
  description: 'Make the database what it was when a backup was taken, without what has expired since. Lethe must not be running.',
})
export class RestoreCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run([id]: string[], { into, yes, json }: RestoreOptions): Promise<void> {
    if (!isId(id)) throw new UsageError('Name the backup by its id: `lethe backup list` shows them');
    // For the tables it declares: whether a database is empty is decided by them.
    await import('../app/app.module.js');
    const restore = (ownerUrl: string) =>
      withArchive(this.installation, (archive, erasures) =>
        new RestoreBackup(archive, erasures, new SystemClock()).run(id as string as BackupId, { ownerUrl, replace: yes === true }),
      );
    const { header, keys, tables, rows, expired } =
      into === undefined ? await this.installation.withDatabase(({ ownerUrl }) => restore(ownerUrl)) : await restore(into);
    if (keys === null) this.terminal.note('no backup of keys is left that has not expired: content that was kept cannot be read any more');
    this.terminal.note('start Lethe on this database: before it serves, it does again what was erased since');
    const shown = { backup: header.id, takenAt: header.takenAt.toISOString(), keys: keys?.id ?? null, tables, rows, expired };
    this.terminal.result(
      json,
      shown,
      () => `restored ${rows} rows of ${tables} tables as of ${shown.takenAt}; ${expired} rows had expired and were left out`,
    );
  }

  @Option({
    flags: '--into <url>',
    description: 'database to restore into, as the owner of its schema (default: that of this installation)',
  })
  into(url: string): string {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new UsageError('--into is a database URL, postgres://…');
    return url;
  }

  @Option({ flags: '--yes', description: 'replace what is in the database' })
  yes(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}
