import { existsSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { rootKeyPath } from '../app/key-management.js';
import { kernelErrors } from '../kernel/errors.js';
import { createRootKeyFile, rotateLocalRootKey } from '../platform/kms/root-key-file.js';
import { UsageError } from './exit-codes.js';
import { Installation } from './installation.js';
import { Terminal } from './terminal.js';

interface RootKeyOptions {
  readonly json?: boolean;
  readonly file?: string;
}

/** What every command about the local root key takes. */
@Injectable()
abstract class RootKeySubCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    protected readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '-f, --file <path>', description: 'the root key file (default: LETHE_ROOT_KEY_FILE)' })
  file(path: string): string {
    return path;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }

  /** Production names its file before it exists, so the settings are only asked when no file is given. */
  protected path({ file }: RootKeyOptions): string {
    if (file !== undefined) return file;
    const settings = this.installation.settings();
    if (settings.kms !== 'local')
      throw new UsageError(`The root key lives in ${settings.kms}, which makes and rotates it: see docs/key-management.md`);
    return rootKeyPath(settings);
  }
}

@SubCommand({ name: 'create', description: 'Make a root key file of mode 0600. An existing one is never overwritten.' })
export class CreateRootKeyCommand extends RootKeySubCommand {
  override async run(_parameters: string[], options: RootKeyOptions): Promise<void> {
    const path = this.path(options);
    if (existsSync(path)) throw kernelErrors.conflict({ message: `${path} is there already; \`lethe root-key rotate\` adds a key to it.` });
    await createRootKeyFile(path);
    this.terminal.note('back it up apart from the database: whoever has both reads every provider credential, and without it nobody can');
    this.terminal.result(options.json, { path }, () => `made ${path}`);
  }
}

@SubCommand({
  name: 'rotate',
  description: 'Add a root key and make it the current one. Running processes notice; then run `lethe credentials rewrap`.',
})
export class RotateRootKeyCommand extends RootKeySubCommand {
  override async run(_parameters: string[], options: RootKeyOptions): Promise<void> {
    const path = this.path(options);
    const current = await rotateLocalRootKey(path);
    this.terminal.note('run `lethe credentials rewrap` to move the credentials to it, and back the file up again');
    this.terminal.result(options.json, { path, current }, () => `${current} is the current root key`);
  }
}

@Command({
  name: 'root-key',
  description: 'Make and rotate the local root key.',
  subCommands: [CreateRootKeyCommand, RotateRootKeyCommand],
})
export class RootKeyCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}
