/** What the bench was asked to do. */
import { parseArgs } from 'node:util';

/** In the order they run: what full throughput leaves in a heap must not count as the memory of streams. */
export const modes = ['streaming', 'nonStreaming'] as const;
export type Mode = (typeof modes)[number];

export const targetNames = ['direct', 'bare', 'portkey', 'lethe'] as const;
export type TargetName = (typeof targetNames)[number];

export interface Options {
  readonly jsonFile: string | undefined;
  /** Measured time of one round. */
  readonly seconds: number;
  /** Rounds per cell; figures are medians over them. */
  readonly rounds: number;
  readonly targets: readonly TargetName[];
  readonly modes: readonly Mode[];
  readonly connections: readonly number[];
  /** Chunks of a streamed answer and the pause between two of them. */
  readonly stream: { readonly tokens: number; readonly delayMs: number };
  readonly verbose: boolean;
}

export const usage = `npm run bench -- [options]
  --json FILE          write the figures as JSON
  --quick              one round of one second per cell, 32 connections and 256 streams only
  --seconds N          measured seconds per round (5)
  --rounds N           rounds per cell, medians are taken over them (3)
  --targets a,b        of ${targetNames.join(', ')} (direct always runs: latency is relative to it)
  --modes a,b          of ${modes.join(', ')}
  --connections a,b    (1,32,256)
  --stream-tokens N    chunks in a streamed answer (20)
  --stream-delay-ms N  pause between two chunks (20)
  --verbose            show what the targets print`;

function listOf<T extends string>(text: string, known: readonly T[], name: string): readonly T[] {
  const asked = text.split(',').map((part) => part.trim());
  const unknown = asked.find((part) => !known.includes(part as T));
  if (unknown !== undefined) throw new Error(`--${name}: ${unknown} is none of ${known.join(', ')}`);
  return known.filter((one) => asked.includes(one));
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: ${text} is not a positive number`);
  return value;
}

/** Returns the options, or `help` when that is what was asked for. Throws on anything it does not know. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      targets: { type: 'string', default: targetNames.join(',') },
      modes: { type: 'string', default: modes.join(',') },
      connections: { type: 'string' },
      'stream-tokens': { type: 'string', default: '20' },
      'stream-delay-ms': { type: 'string', default: '20' },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const connections = values.connections ?? (values.quick ? '32,256' : '1,32,256');
  return {
    jsonFile: values.json,
    seconds: positive(values.seconds ?? (values.quick ? '1' : '5'), 'seconds'),
    rounds: positive(values.rounds ?? (values.quick ? '1' : '3'), 'rounds'),
    targets: listOf(`direct,${values.targets}`, targetNames, 'targets'),
    modes: listOf(values.modes, modes, 'modes'),
    connections: connections.split(',').map((part) => positive(part, 'connections')),
    stream: {
      tokens: positive(values['stream-tokens'], 'stream-tokens'),
      delayMs: positive(values['stream-delay-ms'], 'stream-delay-ms'),
    },
    verbose: values.verbose,
  };
}
