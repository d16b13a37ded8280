import { Command, CommandRunner, Option } from 'nest-commander';
import { UsageError } from './exit-codes.js';

/** The verifier as it ships, a file of its own that shares no code with Lethe: outsiders run the very same one. */
const VERIFIER = new URL('../../verify/lethe-verify.mjs', import.meta.url);

interface VerifyOptions {
  readonly key: readonly string[];
  readonly checkpoint?: string;
}

@Command({
  name: 'verify',
  arguments: '<bundle>',
  description: 'Verify a bundle of the audit log, offline. Ends with 1 and one sentence when something does not hold.',
})
export class VerifyCommand extends CommandRunner {
  override async run([bundle]: string[], { key, checkpoint }: VerifyOptions): Promise<void> {
    if (bundle === undefined || bundle.startsWith('-')) throw new UsageError('Name the bundle: lethe verify BUNDLE --key VKEY');
    const verifier = (await import(VERIFIER.href)) as { main(args: readonly string[]): number };
    const keys = key.map((each) => `--key=${each}`);
    process.exitCode = verifier.main([bundle, ...keys, ...(checkpoint === undefined ? [] : [`--checkpoint=${checkpoint}`])]);
  }

  @Option({ flags: '-k, --key <vkey...>', description: 'verification key of the log (name+id+key), or a file with it', required: true })
  key(key: string, others: readonly string[] = []): string[] {
    return [...others, key];
  }

  @Option({ flags: '-c, --checkpoint <file>', description: 'a checkpoint seen before, which the log must still contain' })
  checkpoint(path: string, before?: string): string {
    if (before !== undefined) throw new UsageError('Give one --checkpoint: of two, one would go unchecked.');
    return path;
  }
}
