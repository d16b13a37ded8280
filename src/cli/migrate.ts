import { Command, CommandRunner, Option } from 'nest-commander';
import { migrateNow } from '../app/database.js';
import { Installation } from './installation.js';
import { Terminal } from './terminal.js';

@Command({
  name: 'migrate',
  description: 'Bring the database schema up to this version. Safe to run again, and while another replica does.',
})
export class MigrateCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], options: { json?: boolean }): Promise<void> {
    const applied = await this.installation.withDatabase(migrateNow);
    this.terminal.result(options.json, { applied }, () =>
      applied.length > 0 ? `applied: ${applied.join(', ')}` : 'the schema is up to date',
    );
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}
