import type { INestApplicationContext } from '@nestjs/common';
import { Command, CommandRunner, Option } from 'nest-commander';
import { renewOperatorToken, setUpFirstOperator } from '../app/bootstrap/first-operator.js';
import { setUpDevelopment } from '../app/bootstrap/first-run.js';
import { writeBootstrapRecord } from '../app/bootstrap/bootstrap-file.js';
import { welcome } from '../app/bootstrap/welcome.js';
import { kernelErrors } from '../kernel/errors.js';
import { OperatorAdministration } from '../modules/auth/auth.contract.js';
import { PartitionMaintenance } from '../modules/retention/retention.contract.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { Terminal } from './terminal.js';

const ALREADY = 'This installation has an operator already; `lethe bootstrap --renew` makes a new token in place of the old ones.';

interface BootstrapOptions {
  readonly json?: boolean;
  readonly renew?: boolean;
}

/** Its secrets are printed once and kept as hashes: whoever loses them makes new ones. */
@Command({
  name: 'bootstrap',
  description: 'Set up an empty installation: the first operator and, in development, a demo organisation with a key.',
})
export class BootstrapCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], options: BootstrapOptions): Promise<void> {
    await this.installation.withApplication(async (application) => {
      await application.get(PartitionMaintenance).run();
      const already = await application.get(OperatorAdministration).hasOperators();
      if (options.renew === true) return this.show(await renewOperatorToken(application, CLI_ACTOR), options);
      if (already) throw kernelErrors.conflict({ message: ALREADY });
      if (this.installation.settings().environment === 'development') return this.setUpDevelopment(application, options);
      return this.show(await setUpFirstOperator(application, CLI_ACTOR), options);
    });
  }

  @Option({ flags: '--renew', description: 'make a new token for the first operator; the ones it has stop working at once' })
  renew(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }

  private async setUpDevelopment(application: INestApplicationContext, options: BootstrapOptions): Promise<void> {
    const settings = this.installation.settings();
    const { demo, record } = await setUpDevelopment(settings, application, CLI_ACTOR);
    const complete = { ...record, url: `http://${settings.host}:${settings.port}` };
    writeBootstrapRecord(settings, complete);
    this.terminal.result(options.json, complete, () => welcome(settings, complete, demo.provider));
  }

  private show(operatorToken: string, options: BootstrapOptions): void {
    this.terminal.result(options.json, { operatorToken }, () => `Operator token, shown this once: ${operatorToken}`);
  }
}
