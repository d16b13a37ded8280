import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { createBlobStore } from '../platform/blob/blob-factory.js';
import { createKeyManagementService } from '../platform/kms/kms-factory.js';
import { kmsOptions } from '../app/key-management.js';
import { BackupArchive } from '../modules/backups/core/archive/backup-archive.js';
import type { BackupHeader } from '../modules/backups/core/archive/backup-header.js';
import { ErasureCopies } from '../modules/backups/core/erasures/erasure-copies.js';
import { TakeBackup } from '../modules/backups/core/take-backup.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { table, Terminal } from './terminal.js';

/** The backups in the store, without a database: it may be lost. */
export async function withArchive<T>(
  installation: Installation,
  work: (archive: BackupArchive, erasures: ErasureCopies) => Promise<T>,
): Promise<T> {
  const settings = installation.settings();
  const blobs = createBlobStore(settings);
  const kms = createKeyManagementService(kmsOptions(settings));
  try {
    return await work(new BackupArchive(blobs, kms), new ErasureCopies(blobs, kms));
  } finally {
    await blobs.dispose();
    await kms.dispose();
  }
}

@SubCommand({ name: 'list', description: 'List the backups in the blob store. Needs no database.' })
@Injectable()
export class ListBackupsCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(): Promise<void> {
    const backups = await withArchive(this.installation, (archive) => archive.list());
    // The option is the parent's too, which takes it wherever it stands.
    const { json } = this.command.optsWithGlobals<{ json?: boolean }>();
    this.terminal.result(json, backups, () => table(backups.map(backupRow), 'no backups'));
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

function backupRow({ id, kind, takenAt, expiresAt, installation }: BackupHeader): Record<string, string> {
  return { id, kind, taken: takenAt.toISOString(), until: expiresAt.toISOString(), installation };
}

interface BackupOptions {
  readonly kind?: 'data' | 'keys';
  readonly json?: boolean;
}

@Command({
  name: 'backup',
  description: 'Take a backup of the database now, sealed, into the blob store; or list those there are.',
  subCommands: [ListBackupsCommand],
})
export class BackupCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run([word]: string[], { kind, json }: BackupOptions): Promise<void> {
    if (word !== undefined) throw new UsageError(`lethe backup takes no "${word}"; did you mean \`lethe backup list\`?`);
    const taken = await this.installation.withApplication(async (application) => {
      const take = application.get(TakeBackup);
      // Keys behind data: so the newest keys open whatever the newest data holds.
      const first = await take.run(kind ?? 'data', CLI_ACTOR);
      return kind === undefined ? [first, await take.run('keys', CLI_ACTOR)] : [first];
    });
    this.terminal.result(json, taken, () =>
      taken
        .map(
          (backup) =>
            `took ${backup.id} (${backup.kind}): ${backup.tables} tables, ${backup.rows} rows, ${backup.bytes} bytes, until ${backup.expiresAt.toISOString()}`,
        )
        .join('\n'),
    );
  }

  @Option({ flags: '--kind <kind>', description: 'only this one (default: data, and then keys)', choices: ['data', 'keys'] })
  kind(kind: string): string {
    return kind;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}
