import { readFileSync } from 'node:fs';
import { Command, CommandRunner, Option } from 'nest-commander';
import { EXIT } from './exit-codes.js';
import { Installation } from './installation.js';
import { Terminal } from './terminal.js';

@Command({
  name: 'redact',
  arguments: '[file]',
  description:
    'Print a text as it would be kept of a failed call: without the credentials in it. Reads standard input without a file. Needs no database.',
})
export class RedactCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run([file]: string[], { json, personalData }: { json?: boolean; personalData?: boolean }): Promise<void> {
    const { RedactionEngine } = await import('../modules/content/core/redaction/redact-body.js');
    const { readPatterns } = await import('../modules/content/core/redaction/read-patterns.js');
    const patterns = readPatterns(this.installation.settings().redactionPatterns);
    const outcome = new RedactionEngine({ personalData: personalData === true, patterns }).redactBody(readFileSync(file ?? 0), {}, []);
    const dropped = outcome === 'still_matches' || outcome === 'unreadable';
    const { findings, body } = dropped ? { findings: {}, body: new Uint8Array() } : outcome;
    if (json === true)
      this.terminal.result(
        true,
        { kept: !dropped, ...(dropped ? { reason: outcome } : { findings, text: Buffer.from(body).toString() }) },
        String,
      );
    else process.stdout.write(body);
    const count = Object.entries(findings).map(([family, times]) => `${times} × ${family}`);
    this.terminal.note(dropped ? `nothing of it would be kept: ${outcome}` : count.join(', ') || 'nothing was cut');
    if (dropped) process.exitCode = EXIT.failure;
  }

  @Option({ flags: '--personal-data', description: 'cut personal data as well' })
  personalData(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print the text and what was cut, by family, as JSON' })
  json(): boolean {
    return true;
  }
}
