/** Starts the repository's own stand-in for a provider, in its bench setting: no scenarios, no record kept of the calls. */
import { fileURLToPath } from 'node:url';
import type { Options } from './options.ts';
import { type RunningProgram, startNode } from './processes.ts';

const standIn = process.env['BENCH_UPSTREAM'] ?? fileURLToPath(new URL('../test/harness/upstream/main.ts', import.meta.url));

export interface Upstream {
  /** Base address, ending in /v1. */
  readonly url: string;
  readonly program: RunningProgram;
}

export async function startUpstream(options: Options, core: number | undefined): Promise<Upstream> {
  const { tokens, delayMs } = options.stream;
  const program = startNode({
    args: [standIn, '--port', '0', '--bench', '--tokens', String(tokens), '--delay-ms', String(delayMs)],
    core,
    loud: options.verbose,
  });
  const { url } = await program.firstJsonLine();
  return { url: String(url), program };
}
