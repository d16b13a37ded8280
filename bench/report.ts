/** The table for people and the file for programs. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Goal, Headlines, Result } from './figures.ts';
import type { Options } from './options.ts';
import type { Cores } from './processes.ts';
import type { StatementCount } from './statements.ts';

export interface Report extends Headlines {
  readonly measuredAt: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMb: number;
    readonly node: string;
    /** Null when nothing was pinned. */
    readonly pinned: Cores | null;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Omit<Options, 'jsonFile' | 'verbose'>;
  readonly results: readonly Result[];
  readonly postgres: readonly StatementCount[];
  /** Whether the ledger holds what was sent; null when Lethe was not measured. */
  readonly ledger: LedgerCheck | null;
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
}

export interface LedgerCheck {
  /** Calls the load generator saw answered, warm-up included. */
  readonly completed: number;
  readonly recorded: number;
  readonly agrees: boolean;
}

export function machine(pinned: Cores | undefined): Report['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryMb: Math.round(totalmem() / 1e6),
    node: process.version,
    pinned: pinned ?? null,
  };
}

export function versions(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> };
  const { '@portkey-ai/gateway': portkey = '', undici = '' } = manifest.dependencies;
  return { portkey, undici };
}

type Column = readonly [title: string, cell: (result: Result) => string];

const missing = '–';

function figure(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null || !Number.isFinite(value) ? missing : value.toFixed(digits);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const columns: readonly Column[] = [
  ['target', (result) => result.target],
  ['conns', (result) => String(result.connections)],
  ['req/s', (result) => `${figure(result.requestsPerSecond, result.requestsPerSecond < 100 ? 1 : 0)}${result.floor ? '+' : ''}`],
  ['p50 ms', (result) => figure(latency(result).p50, 2)],
  ['+p50', (result) => figure(result.addedLatencyMs.p50, 2)],
  ['+p95', (result) => figure(result.addedLatencyMs.p95, 2)],
  ['+p99', (result) => figure(result.addedLatencyMs.p99, 2)],
  ['CPU µs/req', (result) => figure(result.cpuMicrosPerRequest, 0)],
  ['DB µs/req', (result) => figure(result.databaseCpuMicrosPerRequest, 0)],
  ['RSS MB', (result) => figure(result.rssPeakMb, 0)],
  ['gateway core', (result) => percent(result.gatewayCoreShare)],
  ['load core', (result) => percent(result.loadCoreShare)],
  ['waited', (result) => percent(result.waitedShare)],
  ['failed', (result) => String(Object.values(result.failures).reduce((total, count) => total + count, 0))],
];

function latency(result: Result): Result['totalMs'] {
  return result.mode === 'streaming' ? result.firstByteMs : result.totalMs;
}

function table(results: readonly Result[]): string {
  const rows = [columns.map(([title]) => title), ...results.map((result) => columns.map(([, cell]) => cell(result)))];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows
    .map((row) => row.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join('  '))
    .join('\n');
}

export function asText(report: Report): string {
  const { node, cpu, pinned } = report.machine;
  const { tokens, delayMs } = report.options.stream;
  const parts = [
    `Node ${node}, ${cpu}, ${pinned === null ? 'not pinned' : `gateway on core ${pinned.gateway}, everything else on core ${pinned.load}`}`,
    `${report.options.rounds} rounds of ${report.options.seconds} s per line, interleaved; medians. "+": the load core was full, the target can do more.`,
  ];
  const titles = {
    nonStreaming: 'Non-streaming, 1 kB each way; latency of the whole answer, + relative to direct',
    streaming: `Streaming, ${tokens} tokens, one every ${delayMs} ms; latency to the first byte, + relative to direct`,
  };
  for (const mode of report.options.modes) {
    parts.push('', titles[mode], table(report.results.filter((result) => result.mode === mode)));
  }
  if (report.postgres.length > 0) parts.push('', 'PostgreSQL per request (Lethe)', ...report.postgres.map(countLine));
  if (report.ledger !== null) {
    const { recorded, completed, agrees } = report.ledger;
    parts.push('', `Ledger: ${recorded} calls recorded, ${completed} answered: ${agrees ? 'they agree' : 'THEY DIFFER'}`);
  }
  parts.push('', 'Held figures', ...report.goals.map(goalLine));
  if (report.notes.length > 0) parts.push('', 'Notes', ...report.notes.map((note) => `  ${note}`));
  return `${parts.join('\n')}\n`;
}

function countLine(count: StatementCount): string {
  const { mode, connections, counted, perRequest, idlePerSecond } = count;
  return `  ${mode}, ${connections}: ${figure(perRequest, 3)} ${counted} (idle: ${figure(idlePerSecond, 1)} per second)`;
}

function goalLine(goal: Goal): string {
  const word = goal.held === null ? 'not measured' : goal.held ? 'held' : 'MISSED';
  return `  ${goal.name}: ${figure(goal.measured, 2)} (${goal.wanted}) ${word}`;
}
