import { Command, CommandRunner, Option } from 'nest-commander';
import { isId } from '../kernel/ids.js';
import type { BackupId } from '../modules/backups/core/archive/backup-header.js';
import { DrillBackup } from '../modules/backups/core/drill-backup.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { Terminal } from './terminal.js';

interface DrillOptions {
  readonly into?: string;
  readonly json?: boolean;
}

@Command({
  name: 'drill',
  arguments: '[id]',
  description:
    'Restore a backup, the newest one unless you name another, into a throw-away database; check every row count and hash; record it.',
})
export class DrillCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run([id]: string[], { into, json }: DrillOptions): Promise<void> {
    if (id !== undefined && !isId(id)) throw new UsageError('Name the backup by its id: `lethe backup list` shows them');
    const chosen = { ...(id === undefined ? {} : { id: id as string as BackupId }), ...(into === undefined ? {} : { into }) };
    const { header, tables, rows } = await this.installation.withApplication((application) =>
      application.get(DrillBackup).run(CLI_ACTOR, chosen),
    );
    const shown = { backup: header.id, takenAt: header.takenAt.toISOString(), sound: true, tables, rows };
    this.terminal.result(json, shown, () => `sound: ${rows} rows of ${tables} tables came back as they were at ${shown.takenAt}`);
  }

  @Option({
    flags: '--into <url>',
    description: 'empty database to use, which is yours to drop (default: a throw-away server, or database where that is allowed)',
  })
  into(url: string): string {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new UsageError('--into is a database URL, postgres://…');
    return url;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}
