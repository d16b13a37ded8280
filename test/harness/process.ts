// Programs run as an operator runs them, each a process of its own, for tests that kill, freeze and stop them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const LETHE = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const STAND_IN = fileURLToPath(new URL('./upstream/main.ts', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 60_000;

interface ProgramOptions {
  readonly program: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
  /** What it prints once it is ready; the first group is kept in `address`. */
  readonly ready: RegExp;
}

/** A running program. It dies with the process that started it. */
export class Program {
  /** What the program said when it was ready: where it listens. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #said: () => string;

  private constructor(child: ChildProcess, address: string, said: () => string) {
    this.#child = child;
    this.address = address;
    this.#said = said;
  }

  /** Starts it and waits until it is ready. Throws with everything it printed when it ends before that. */
  static async start(options: ProgramOptions): Promise<Program> {
    const { child, said } = launch(options);
    const address = await whenReady(child, options.ready, said);
    return new Program(child, address, said);
  }

  /** Everything it printed, standard error included. */
  get output(): string {
    return this.#said();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `kill -9`, and waits until the process is gone. */
  kill(): Promise<number | null> {
    return this.#end('SIGKILL');
  }

  /** SIGTERM, and waits for the exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    const lastResort = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(lastResort);
    return this.#child.exitCode;
  }
}

/** `dist/main.js` with nothing of this shell's environment but the path. The address is its base URL. */
export function startLethe(environment: Readonly<Record<string, string>>): Promise<Program> {
  return Program.start({ program: LETHE, environment, ready: /^Lethe listens on (http:\/\/\S+)/m });
}

/** The same for a start that is to fail: its exit code and everything it printed. */
export async function startLetheInVain(environment: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  const { child, said } = launch({ program: LETHE, environment });
  const lastResort = setTimeout(() => child.kill('SIGKILL'), START_MS);
  await once(child, 'close');
  clearTimeout(lastResort);
  return { code: child.exitCode, output: said() };
}

/** The upstream stand-in. The address is its base URL, `/v1` included. */
export function startStandIn(...options: readonly string[]): Promise<Program> {
  return Program.start({ program: STAND_IN, arguments: ['--exit-with-parent', ...options], ready: /^\{"url":"(.+)"\}$/m });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function launch(options: Omit<ProgramOptions, 'ready'>): { child: ChildProcess; said: () => string } {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', options.program, ...(options.arguments ?? [])], {
    env: { PATH, HOME, ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}), ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let said = '';
  child.stdout.on('data', (piece: Buffer) => void (said += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => void (said += piece.toString()));
  return { child, said: () => said };
}

async function whenReady(child: ChildProcess, ready: RegExp, said: () => string): Promise<string> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const address = ready.exec(said())?.[1];
    if (address !== undefined) return address;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended with ${child.exitCode} while it started:\n${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`it did not start in ${START_MS / 1000} s:\n${said()}`);
}
