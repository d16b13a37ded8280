import { readFileSync, writeFileSync } from 'node:fs';
import { Command, CommandRunner, Option } from 'nest-commander';
import { NoteSigner } from '../modules/audit/core/log/signed-note.js';
import { EXIT, UsageError } from './exit-codes.js';
import { Terminal } from './terminal.js';

interface CanaryCommandOptions {
  readonly profile: string;
  readonly json?: string;
  readonly report?: string;
  readonly key?: string;
  readonly redis?: boolean;
  readonly short?: boolean;
}

/** The name of the key that a run makes for itself. */
const OWN_KEY_NAME = 'lethe/canary';

@Command({
  name: 'canary',
  description:
    'Plant unique words in a throw-away installation, move its clock through every window of a profile, and look for them in every store. Ends with 1 when one survived or was missing, with 2 when it could not be run.',
})
export class CanaryCommand extends CommandRunner {
  constructor(private readonly terminal: Terminal) {
    super();
  }

  override async run(_parameters: string[], options: CanaryCommandOptions): Promise<void> {
    const signer = signerOf(options.key);
    const { runCanary } = await import('./canary/run-canary.js');
    const { holds, reportText } = await import('./canary/report.js');
    const { profile, redis = true, short = false } = options;
    const say = (line: string): void => this.terminal.note(line);
    const report = await runCanary({ profile, redis, short, say }).catch((cause: unknown) => {
      throw new UsageError(`The canaries could not be run: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    });
    const note = signer.sign(reportText(report));
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    if (options.report !== undefined) writeFileSync(options.report, note);
    this.terminal.print(note);
    this.terminal.note(`signed with ${signer.verifierKey}`);
    if (!holds(report)) process.exitCode = report.failures.length > 0 ? EXIT.usage : EXIT.failure;
  }

  @Option({
    flags: '-p, --profile <name>',
    description: 'policy profile: a name, or the path of a file that ends in .yaml',
    required: true,
  })
  profile(name: string): string {
    return name;
  }

  @Option({ flags: '--json <file>', description: 'write everything that was found as JSON' })
  json(path: string): string {
    return path;
  }

  @Option({ flags: '--report <file>', description: 'write the signed text, which is printed too' })
  report(path: string): string {
    return path;
  }

  @Option({ flags: '--key <file>', description: 'signing key, as `lethe audit-log create-key` makes one (default: one made for this run)' })
  key(path: string): string {
    return path;
  }

  @Option({ flags: '--no-redis', description: 'keep jobs in the database, also where there is a redis-server' })
  redis(): boolean {
    return false;
  }

  @Option({
    flags: '--short',
    description: 'two plans, the first window and the end: a minute instead of many',
  })
  short(): boolean {
    return true;
  }
}

function signerOf(path: string | undefined): NoteSigner {
  const text = path === undefined ? NoteSigner.generate(OWN_KEY_NAME) : readKey(path);
  const signer = NoteSigner.parse(text);
  if (!signer) throw new UsageError('--key names a file that holds no signing key; `lethe audit-log create-key` makes one');
  return signer;
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError('--key names a file that cannot be read', { cause });
  }
}
