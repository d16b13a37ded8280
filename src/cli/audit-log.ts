import { writeFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { kernelErrors } from '../kernel/errors.js';
import { ExportBundle } from '../modules/audit/core/log/export-bundle.js';
import { createLogKeyFile } from '../modules/audit/core/log/log-key.js';
import { ReadLogState } from '../modules/audit/core/log/read-log-state.js';
import { isLogName } from '../modules/audit/core/log/signed-note.js';
import { UsageError } from './exit-codes.js';
import { Installation } from './installation.js';
import { organisationId } from './organisation-lookup.js';
import { Terminal } from './terminal.js';

/** As many as the API gives at once. */
const MOST_ENTRIES = 500;

interface CreateKeyOptions {
  readonly name: string;
  readonly file: string;
}

@SubCommand({ name: 'create-key', description: 'Make the key that signs the audit log, a file of mode 0600 for LETHE_AUDIT_KEY_FILE.' })
export class CreateLogKeyCommand extends CommandRunner {
  constructor(private readonly terminal: Terminal) {
    super();
  }

  override async run(_parameters: string[], { name, file }: CreateKeyOptions): Promise<void> {
    if (!isLogName(name))
      throw new UsageError('--name is the log’s name, such as lethe.example/audit: lower-case letters, digits, . / _ -');
    if (!(await createLogKeyFile(file, name))) throw kernelErrors.conflict({ message: `${file} is there already.` });
    this.terminal.note('the worker alone needs it; publish the verification key, which `lethe audit-log show` prints once it has signed');
    this.terminal.print(`made ${file}`);
  }

  @Option({
    flags: '-n, --name <name>',
    description: 'name of the log, such as lethe.example/audit; a new key needs a new one',
    required: true,
  })
  name(name: string): string {
    return name;
  }

  @Option({ flags: '-f, --file <path>', description: 'where to put it', required: true })
  file(path: string): string {
    return path;
  }
}

/** What commands take that open the installation. */
@Injectable()
abstract class AuditLogSubCommand extends CommandRunner {
  constructor(
    protected readonly installation: Installation,
    protected readonly terminal: Terminal,
  ) {
    super();
  }
}

@SubCommand({ name: 'show', description: 'Show the newest checkpoint of the audit log and the key it is verified with.' })
export class ShowAuditLogCommand extends AuditLogSubCommand {
  override async run(_parameters: string[], options: { json?: boolean }): Promise<void> {
    const state = await this.installation.withApplication((application) => application.get(ReadLogState).run());
    const { size, newest, verifierKey, destinations } = state;
    const shown = {
      size,
      verifierKey,
      checkpoint: newest?.note ?? null,
      signedAt: newest?.signedAt.toISOString() ?? null,
      published: destinations.map(({ kind, publication }) => ({
        to: kind,
        size: publication?.size ?? 0,
        failingSince: publication?.failingSince?.toISOString() ?? null,
      })),
    };
    this.terminal.result(options.json, shown, () =>
      newest === null ? `${size} events; nothing has been signed yet` : `${verifierKey ?? ''}\n\n${newest.note.trimEnd()}`,
    );
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

interface ExportOptions {
  readonly organisation?: string;
  readonly from?: number;
  readonly limit?: number;
  readonly since?: number;
  readonly out?: string;
}

@SubCommand({ name: 'export', description: 'Export events as a bundle that `lethe verify` checks: of one organisation, or of all.' })
export class ExportAuditLogCommand extends AuditLogSubCommand {
  override async run(_parameters: string[], { organisation, out, limit = MOST_ENTRIES, ...rest }: ExportOptions): Promise<void> {
    const bundle = await this.installation.withApplication(async (application) => {
      const owner = organisation === undefined ? undefined : await organisationId(application, organisation);
      return application.get(ExportBundle).run(owner, { ...rest, limit });
    });
    if (out === undefined) process.stdout.write(bundle);
    else writeFileSync(out, bundle, { mode: 0o600 });
  }

  @Option({ flags: '-o, --organisation <slug>', description: 'organisation whose events to export (default: the whole installation)' })
  organisation(slug: string): string {
    return slug;
  }

  @Option({ flags: '--from <number>', description: 'number of the first event, or index of the first leaf for the whole installation' })
  from(text: string): number {
    return wholeNumber('--from', text, Number.MAX_SAFE_INTEGER);
  }

  @Option({ flags: '--limit <count>', description: `entries at most (default: ${MOST_ENTRIES})` })
  limit(text: string): number {
    return wholeNumber('--limit', text, MOST_ENTRIES);
  }

  @Option({ flags: '--since <size>', description: 'size of a checkpoint seen before, to show that the log extends it' })
  since(text: string): number {
    return wholeNumber('--since', text, Number.MAX_SAFE_INTEGER);
  }

  @Option({ flags: '--out <file>', description: 'where to write it (default: standard output)' })
  out(path: string): string {
    return path;
  }
}

function wholeNumber(option: string, text: string, most: number): number {
  if (!/^\d{1,16}$/.test(text) || Number(text) > most) throw new UsageError(`${option} is a whole number, at most ${most}`);
  return Number(text);
}

@Command({
  name: 'audit-log',
  description: 'Make the audit log’s signing key, show its newest checkpoint, export events with proofs.',
  subCommands: [CreateLogKeyCommand, ShowAuditLogCommand, ExportAuditLogCommand],
})
export class AuditLogCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}
