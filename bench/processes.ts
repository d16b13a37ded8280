/**
 * Processes on chosen cores, and what the kernel says they cost. Linux only: everything is read from /proc.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** Which core runs the gateway, and which everything else: load, upstream, Postgres. */
export interface Cores {
  readonly gateway: number;
  readonly load: number;
}

/** Two cores this process may use, or the reason why there are none. */
export function chooseCores(): Cores | string {
  if (availableParallelism() < 2) return 'fewer than 2 cores';
  const shown = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  if (shown.status !== 0) return 'taskset (util-linux) is missing';
  const allowed = coreList(shown.stdout.split(': ').at(-1) ?? '');
  const [gateway, load] = allowed;
  return gateway === undefined || load === undefined ? 'fewer than 2 cores' : { gateway, load };
}

/** "0-2,5" as taskset prints it. */
function coreList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

/** Moves a running process, with all its threads, to a core; children it starts later follow. */
export function pin(pid: number, core: number | undefined): void {
  if (core !== undefined) spawnSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
}

export interface NodeProgram {
  /** Arguments of `node`: the script, then its own. */
  readonly args: readonly string[];
  /** Undefined: any core. */
  readonly core: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly ipc?: boolean;
  /** Show the program's output instead of keeping the last of it for an error message. */
  readonly loud?: boolean;
}

export interface RunningProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last lines it wrote, for the message when something is wrong. */
  lastWords(): string;
  /** The first line of its output that is a JSON object. */
  firstJsonLine(): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

const keptLines = 15;
const startMs = 30_000;
const stopMs = 15_000;

/** Nothing started here outlives the bench, however it ends short of being killed outright. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

/** Starts a Node program on a core. `taskset` replaces itself by `node`, so the pid is the program's own. */
export function startNode(program: NodeProgram): RunningProgram {
  const command = program.core === undefined ? [] : ['taskset', '-c', String(program.core)];
  const [file = process.execPath, ...args] = [...command, process.execPath, ...program.args];
  const child = spawn(file, args, {
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe', program.ipc === true ? 'ipc' : 'ignore'],
  });
  if (child.pid === undefined) throw new Error(`could not start ${program.args[0]}`);
  const lines: string[] = [];
  alive.add(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void exited.then(() => alive.delete(child));
  const firstJson = new Promise<Readonly<Record<string, unknown>>>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (program.loud === true) process.stderr.write(`  | ${line}\n`);
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
        if (line.startsWith('{')) resolve(JSON.parse(line) as Record<string, unknown>);
      });
    }
  });
  const lastWords = (): string => lines.join('\n');
  return {
    child,
    pid: child.pid,
    lastWords,
    firstJsonLine: () => beforeExit(firstJson, exited, () => `${program.args[0]} said nothing:\n${lastWords()}`),
    stop: () => stop(child, exited),
  };
}

async function beforeExit<T>(wanted: Promise<T>, exited: Promise<void>, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, startMs);
  });
  const failed = Promise.race([exited, late]).then((): never => {
    throw new Error(complaint());
  });
  try {
    return await Promise.race([wanted, failed]);
  } finally {
    clearTimeout(timer);
  }
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await exited;
  clearTimeout(timer);
}

/** The kernel counts CPU time in these ticks on every Linux that Node runs on (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** Fields of /proc/PID/stat after the command name, which may itself contain spaces and brackets; proc_pid_stat(5). */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** CPU seconds used so far by these processes, user and system, with the children they have already buried. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    // utime, stime, cutime, cstime: fields 14 to 17, counted from 1 with pid and command.
    for (const field of fields?.slice(11, 15) ?? []) ticks += Number(field);
  }
  return ticks / ticksPerSecond;
}

/** Seconds the processes' main threads were ready to run and had to wait for a core; sched-stats in the kernel's documentation. 0 where it is not kept. */
export function waitedSeconds(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1] ?? 0);
    } catch {
      // Gone, or a kernel without CONFIG_SCHED_INFO.
    }
  }
  return nanoseconds / 1e9;
}

/** The process and all its descendants. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? statFields(pid)?.[1] : undefined;
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  const tree = new Set([root]);
  // Pids may wrap round, so a child can come before its parent: look until nothing new turns up.
  for (let before = 0; before !== tree.size; ) {
    before = tree.size;
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}

/** Sets the process's high-water mark back to what it holds now; proc_pid_clear_refs(5). */
export function forgetPeakRss(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Not ours to reset: the peak then counts from the process's start, which only makes the figure worse.
  }
}

/** The most memory the processes held since `forgetPeakRss`, in MB (10^6 bytes). */
export function peakRssMb(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    try {
      kib += Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      // Gone since: it holds nothing.
    }
  }
  return (kib * 1024) / 1e6;
}

/** Busy and stolen seconds of one core since boot, whoever used it; proc_stat(5). */
export function coreSeconds(core: number): { readonly busy: number; readonly stolen: number } {
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((candidate) => candidate.startsWith(`cpu${core} `));
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '').split(' ').slice(1).map(Number);
  return { busy: (user + nice + system + irq + softirq) / ticksPerSecond, stolen: steal / ticksPerSecond };
}
